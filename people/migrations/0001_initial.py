import django.contrib.auth.models
import django.contrib.auth.validators
import django.contrib.postgres.indexes
import django.db.models.functions.text
import django.utils.timezone
import people.usernames
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        # For the index ``user_search``, and for those of later packages.
        TrigramExtension(),
        migrations.CreateModel(
            name='User',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('is_superuser', models.BooleanField(default=False, help_text='Designates that this user has all permissions without explicitly assigning them.', verbose_name='superuser status')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='email address')),
                ('is_staff', models.BooleanField(default=False, help_text='Designates whether the user can log into this admin site.', verbose_name='staff status')),
                ('is_active', models.BooleanField(default=True, help_text='Designates whether this user should be treated as active. Unselect this instead of deleting accounts.', verbose_name='active')),
                ('date_joined', models.DateTimeField(default=django.utils.timezone.now, verbose_name='date joined')),
                ('username', people.usernames.UsernameField(error_messages={'unique': 'This user name is taken. Choose another.'}, max_length=150, unique=True, validators=[django.contrib.auth.validators.UnicodeUsernameValidator()], verbose_name='user name')),
                ('first_name', models.CharField(blank=True, max_length=150, validators=[people.usernames.validate_not_an_address], verbose_name='first name')),
                ('last_name', models.CharField(blank=True, max_length=150, validators=[people.usernames.validate_not_an_address], verbose_name='last name')),
                ('must_change_password', models.BooleanField(default=False, verbose_name='must change the password')),
                ('is_found_by_email', models.BooleanField(default=True, editable=False)),
                ('institution_email', models.EmailField(blank=True, default='', editable=False, max_length=254)),
                ('session_salt', models.CharField(blank=True, default='', editable=False, max_length=32)),
                ('language', models.CharField(blank=True, choices=[('fr', 'Français'), ('en', 'English')], default='', max_length=5, verbose_name='language')),
                ('theme', models.CharField(blank=True, choices=[('', 'As my device'), ('light', 'Light'), ('dark', 'Dark')], default='', max_length=5, verbose_name='theme')),
                ('groups', models.ManyToManyField(blank=True, help_text='The groups this user belongs to. A user will get all permissions granted to each of their groups.', related_name='user_set', related_query_name='user', to='auth.group', verbose_name='groups')),
                ('user_permissions', models.ManyToManyField(blank=True, help_text='Specific permissions for this user.', related_name='user_set', related_query_name='user', to='auth.permission', verbose_name='user permissions')),
            ],
            options={
                'verbose_name': 'user',
                'verbose_name_plural': 'users',
                'abstract': False,
                'indexes': [models.Index(fields=['last_name', 'first_name', 'username'], name='user_by_name'), models.Index(django.db.models.functions.text.Lower('email'), name='user_by_address'), django.contrib.postgres.indexes.GinIndex(django.contrib.postgres.indexes.OpClass(django.db.models.functions.text.Lower(django.db.models.functions.text.Concat('last_name', models.Value(' '), 'first_name', models.Value(' '), 'username', models.Value(' '), 'email', output_field=models.TextField())), name='gin_trgm_ops'), name='user_search')],
                'constraints': [models.UniqueConstraint(django.db.models.functions.text.Lower('username'), name='one_user_name_in_any_case', violation_error_message='This user name is taken. Choose another.'), models.UniqueConstraint(django.db.models.functions.text.Lower('email'), condition=models.Q(models.Q(('email', ''), _negated=True), models.Q(('password', ''), _negated=True), models.Q(('password__startswith', '!'), _negated=True)), name='one_account_with_a_password_per_address')],
            },
            managers=[
                ('objects', django.contrib.auth.models.UserManager()),
            ],
        ),
    ]
