import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.core.serializers.json
import django.core.validators
import django.db.models.deletion
import instances.models.access_rules
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AuditSeal',
            fields=[
                ('number', models.BigIntegerField(primary_key=True, serialize=False)),
                ('entry_id', models.UUIDField(unique=True)),
                ('sealed_at', models.DateTimeField()),
                ('digest', models.CharField(max_length=64)),
                ('signature', models.CharField(max_length=64)),
            ],
            options={
                'ordering': ['number'],
            },
        ),
        migrations.CreateModel(
            name='Instance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=60, unique=True, verbose_name='identifier')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('description', models.CharField(blank=True, max_length=300, verbose_name='description')),
                ('welcome_text', models.TextField(blank=True, max_length=2000, verbose_name='welcome text')),
                ('language', models.CharField(choices=[('fr', 'Français'), ('en', 'English')], default='fr', max_length=5, verbose_name='language')),
                ('accent_colour', models.CharField(blank=True, max_length=7, validators=[django.core.validators.RegexValidator('^#[0-9a-fA-F]{6}$')], verbose_name='accent colour')),
                ('model_id', models.CharField(blank=True, max_length=200, verbose_name='model')),
                ('instructions', models.TextField(blank=True, max_length=4000, verbose_name='instructions')),
                ('strictness', models.CharField(choices=[('lenient', 'Broad: answers even from distant passages'), ('balanced', 'Balanced'), ('strict', 'Strict: answers only from clearly relevant passages')], default='balanced', max_length=10, verbose_name='strictness')),
                ('top_k', models.PositiveSmallIntegerField(default=6, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(20)], verbose_name='passages per answer')),
                ('kind', models.CharField(choices=[('group', 'Group'), ('personal', 'Personal')], default='group', max_length=10)),
                ('purpose', models.TextField(blank=True, max_length=1000, verbose_name='purpose')),
                ('sensitivity', models.CharField(choices=[('public', 'Public: anyone may read them'), ('internal', 'Internal: for staff'), ('restricted', 'Restricted: for named people, or with personal data')], default='internal', max_length=10, verbose_name='documents')),
                ('second_factor', models.CharField(blank=True, choices=[('', 'Not required'), ('admins', 'Required of administrators'), ('everyone', 'Required of everyone')], default='', max_length=10, verbose_name='second factor')),
                ('status', models.CharField(choices=[('active', 'Active'), ('archived', 'Archived'), ('suspended', 'Suspended'), ('deleting', 'Being deleted')], default='active', max_length=10)),
                ('status_reason', models.CharField(blank=True, max_length=300, verbose_name='reason')),
                ('status_changed_at', models.DateTimeField(blank=True, null=True)),
                ('deletion_due_at', models.DateTimeField(blank=True, null=True)),
                ('status_before_deletion', models.CharField(blank=True, choices=[('active', 'Active'), ('archived', 'Archived'), ('suspended', 'Suspended'), ('deleting', 'Being deleted')], max_length=10)),
                ('deletion_counts', models.JSONField(blank=True, null=True)),
                ('max_documents', models.PositiveIntegerField(blank=True, null=True, verbose_name='documents at most')),
                ('max_stored_bytes', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='bytes at most')),
                ('last_used_at', models.DateTimeField(blank=True, null=True)),
                ('disuse_noticed_at', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('updated_at', models.DateTimeField(auto_now=True)),
                ('deletion_requested_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='owned_instances', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'verbose_name': 'instance',
                'verbose_name_plural': 'instances',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Organisation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.SlugField(max_length=60, unique=True, verbose_name='identifier')),
                ('name', models.CharField(max_length=200, verbose_name='name')),
                ('is_enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('support_contact', models.CharField(blank=True, max_length=200, verbose_name='support contact')),
                ('creation_rule', models.CharField(choices=[('open', 'At once, for everyone in the organisation'), ('approval', 'After an administrator of the organisation has approved'), ('closed', 'Only by administrators of the organisation')], default='approval', max_length=10, verbose_name='new instances')),
                ('allows_personal_instances', models.BooleanField(default=True, verbose_name='personal instances')),
                ('max_instances', models.PositiveIntegerField(blank=True, null=True, verbose_name='instances at most')),
                ('max_documents', models.PositiveIntegerField(blank=True, null=True, verbose_name='documents in an instance at most')),
                ('max_stored_bytes', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='bytes in an instance at most')),
                ('idle_months', models.PositiveSmallIntegerField(default=12, verbose_name='months of disuse')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='AuditEntry',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('at', models.DateTimeField(auto_now_add=True)),
                ('action', models.CharField(max_length=40)),
                ('actor_id', models.BigIntegerField(null=True)),
                ('actor_name', models.CharField(blank=True, max_length=300)),
                ('organisation_id', models.BigIntegerField(null=True)),
                ('instance_id', models.BigIntegerField(null=True)),
                ('place', models.CharField(blank=True, max_length=200)),
                ('target', models.CharField(blank=True, max_length=300)),
                ('target_kind', models.CharField(blank=True, max_length=40)),
                ('target_id', models.BigIntegerField(null=True)),
                ('detail', models.JSONField(default=dict, encoder=django.core.serializers.json.DjangoJSONEncoder)),
                ('address', models.GenericIPAddressField(null=True)),
                ('correlation_id', models.CharField(blank=True, max_length=12)),
            ],
            options={
                'ordering': ['-at', 'pk'],
                'indexes': [models.Index(fields=['instance_id', '-at'], name='audit_of_instance'), models.Index(fields=['organisation_id', '-at'], name='audit_of_organisation'), models.Index(fields=['-at'], name='audit_by_time')],
            },
        ),
        migrations.CreateModel(
            name='Charter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('version', models.PositiveIntegerField()),
                ('text_fr', models.TextField(blank=True, max_length=20000, verbose_name='text in French')),
                ('text_en', models.TextField(blank=True, max_length=20000, verbose_name='text in English')),
                ('is_current', models.BooleanField(default=True)),
                ('published_at', models.DateTimeField(auto_now_add=True)),
                ('published_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('instance', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='charters', to='instances.instance')),
                ('organisation', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='charters', to='instances.organisation')),
            ],
            options={
                'ordering': ['-version'],
            },
        ),
        migrations.CreateModel(
            name='InstanceTotals',
            fields=[
                ('instance', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='totals', serialize=False, to='instances.instance')),
                ('documents', models.PositiveIntegerField(default=0)),
                ('stored_bytes', models.PositiveBigIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name='ApiKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('prefix', models.CharField(max_length=12)),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('scope', models.CharField(choices=[('chat', 'Ask questions and search'), ('manage', 'Ask, search, add and delete documents')], default='chat', max_length=10, verbose_name='scope')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('last_used_at', models.DateTimeField(blank=True, null=True)),
                ('expires_at', models.DateTimeField(blank=True, null=True, verbose_name='expires on')),
                ('revoked_at', models.DateTimeField(blank=True, null=True)),
                ('second_factor_at', models.DateTimeField(blank=True, null=True)),
                ('second_factor_source', models.CharField(blank=True, max_length=255)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='instances.instance')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='AccessRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('audience', models.CharField(choices=[('organisation', 'Anyone of our organisation'), ('organisations', 'Anyone of chosen organisations'), ('federation', 'Anyone of a federation'), ('edugain', 'Anyone through eduGAIN')], max_length=15, verbose_name='who')),
                ('organisation_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), blank=True, default=list, size=None)),
                ('federation', models.CharField(blank=True, max_length=255, verbose_name='federation')),
                ('affiliations', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('staff', 'Staff'), ('employee', 'Employee'), ('faculty', 'Teaching staff'), ('researcher', 'Researcher'), ('student', 'Student'), ('member', 'Member (students included)'), ('affiliate', 'Affiliate'), ('alum', 'Former student')], max_length=30), blank=True, default=instances.models.access_rules.staff_floor, size=None)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=255), blank=True, default=list, size=None)),
                ('required', models.JSONField(blank=True, default=dict)),
                ('role', models.CharField(choices=[('guest', 'Guest'), ('member', 'Member'), ('editor', 'Editor')], default='member', max_length=10, verbose_name='role')),
                ('is_enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='instances.instance')),
            ],
            options={
                'ordering': ['created_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail address')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='for whom')),
                ('role', models.CharField(choices=[('guest', 'Guest'), ('member', 'Member'), ('editor', 'Editor')], default='guest', max_length=10, verbose_name='role')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('expires_at', models.DateTimeField(verbose_name='valid until')),
                ('membership_expires_at', models.DateTimeField(blank=True, null=True, verbose_name='access until')),
                ('accepted_at', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
                ('accepted_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('created_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='instances.instance')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('role', models.CharField(choices=[('guest', 'Guest'), ('member', 'Member'), ('editor', 'Editor'), ('admin', 'Administrator')], default='member', max_length=10, verbose_name='role')),
                ('expires_at', models.DateTimeField(blank=True, null=True, verbose_name='until')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('last_used_at', models.DateTimeField(blank=True, null=True)),
                ('instance', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='instances.instance')),
                ('rule', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='memberships', to='instances.accessrule')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='InstanceRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('purpose', models.TextField(max_length=1000, verbose_name='purpose')),
                ('expected_members', models.PositiveIntegerField(default=10, validators=[django.core.validators.MinValueValidator(1)], verbose_name='expected members')),
                ('sensitivity', models.CharField(choices=[('public', 'Public: anyone may read them'), ('internal', 'Internal: for staff'), ('restricted', 'Restricted: for named people, or with personal data')], default='internal', max_length=10, verbose_name='documents')),
                ('language', models.CharField(choices=[('fr', 'Français'), ('en', 'English')], default='fr', max_length=5, verbose_name='language')),
                ('status', models.CharField(choices=[('pending', 'Awaiting approval'), ('approved', 'Approved'), ('refused', 'Refused'), ('withdrawn', 'Withdrawn')], default='pending', max_length=10)),
                ('decided_at', models.DateTimeField(null=True)),
                ('answer', models.CharField(blank=True, max_length=500, verbose_name='answer')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('decided_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('instance', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='requests', to='instances.instance')),
                ('requested_by', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='instance_requests', to=settings.AUTH_USER_MODEL)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='instance_requests', to='instances.organisation')),
            ],
            options={
                'ordering': ['-created_at'],
            },
        ),
        migrations.AddField(
            model_name='instance',
            name='organisation',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='instances', to='instances.organisation'),
        ),
        migrations.CreateModel(
            name='DeletionRecord',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('instance_number', models.BigIntegerField()),
                ('slug', models.CharField(db_index=True, max_length=60)),
                ('name', models.CharField(max_length=120)),
                ('owner_id', models.BigIntegerField(db_index=True, null=True)),
                ('requested_by_id', models.BigIntegerField(db_index=True, null=True)),
                ('requested_by_name', models.CharField(blank=True, max_length=300)),
                ('requested_at', models.DateTimeField(null=True)),
                ('deleted_at', models.DateTimeField()),
                ('before', models.JSONField()),
                ('after', models.JSONField()),
                ('organisation', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='deletions', to='instances.organisation')),
            ],
            options={
                'ordering': ['-deleted_at'],
            },
        ),
        migrations.CreateModel(
            name='OrganisationAdministrator',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='administrators', to='instances.organisation')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='administered', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='AccountControl',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('controller_name', models.CharField(blank=True, max_length=300)),
                ('reason', models.CharField(choices=[('created', 'Created'), ('invited', 'Invited'), ('password', 'Password'), ('address', 'Address'), ('indirect', 'Indirect')], max_length=10)),
                ('notice_address', models.EmailField(blank=True, max_length=254)),
                ('at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='controls', to=settings.AUTH_USER_MODEL)),
                ('controller', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'ordering': ['-at'],
                'constraints': [models.UniqueConstraint(fields=('account', 'controller', 'reason'), name='one_control_of_a_kind', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='CharterAcceptance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('accepted_at', models.DateTimeField(auto_now_add=True)),
                ('address', models.GenericIPAddressField(null=True)),
                ('charter', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='acceptances', to='instances.charter')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='charter_acceptances', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('charter', 'user'), name='one_acceptance_per_person')],
            },
        ),
        migrations.CreateModel(
            name='Identity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.CharField(max_length=255)),
                ('organisation_ids', django.contrib.postgres.fields.ArrayField(base_field=models.BigIntegerField(), default=list, size=None)),
                ('federation', models.CharField(blank=True, max_length=255)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=255), default=list, size=None)),
                ('affiliations', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), default=list, size=None)),
                ('attributes', models.JSONField(default=dict)),
                ('asserted_at', models.DateTimeField()),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='identities', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [django.contrib.postgres.indexes.GinIndex(fields=['organisation_ids'], name='identity_organisations')],
                'constraints': [models.UniqueConstraint(fields=('user', 'source'), name='one_identity_per_login')],
            },
        ),
        migrations.AddConstraint(
            model_name='accessrule',
            constraint=models.CheckConstraint(condition=models.Q(('role', 'admin'), _negated=True), name='no_administrator_by_attribute'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.CheckConstraint(condition=models.Q(('role', 'admin'), _negated=True), name='no_administrator_by_invitation'),
        ),
        migrations.AddIndex(
            model_name='membership',
            index=models.Index(fields=['instance', '-id'], name='membership_newest'),
        ),
        migrations.AddIndex(
            model_name='membership',
            index=models.Index(condition=models.Q(('expires_at__isnull', False)), fields=['expires_at'], name='membership_end'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(fields=('instance', 'user'), name='one_membership_per_person'),
        ),
        migrations.AddIndex(
            model_name='instance',
            index=models.Index(condition=models.Q(('deletion_due_at__isnull', False)), fields=['deletion_due_at'], name='instance_deletion_due'),
        ),
        migrations.AddIndex(
            model_name='instance',
            index=models.Index(fields=['organisation', 'name'], name='instance_by_organisation'),
        ),
        migrations.AddConstraint(
            model_name='instance',
            constraint=models.UniqueConstraint(condition=models.Q(('kind', 'personal')), fields=('organisation', 'owner'), name='one_personal_instance'),
        ),
        migrations.AddConstraint(
            model_name='charter',
            constraint=models.UniqueConstraint(fields=('organisation', 'instance', 'version'), name='one_charter_of_a_version', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='charter',
            constraint=models.UniqueConstraint(condition=models.Q(('is_current', True)), fields=('organisation', 'instance'), name='one_current_charter', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='charter',
            constraint=models.CheckConstraint(condition=models.Q(('organisation', None), ('instance', None), _connector='OR'), name='charter_of_one_level'),
        ),
        migrations.AddConstraint(
            model_name='organisationadministrator',
            constraint=models.UniqueConstraint(fields=('organisation', 'user'), name='one_administration_per_person'),
        ),
    ]
