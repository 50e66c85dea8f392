import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
import instances.models.access_rules
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('instances', '0001_initial'),
        ('socialaccount', '0006_alter_socialaccount_extra_data'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='IdentityProvider',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('entity_id', models.CharField(max_length=1024, unique=True, verbose_name='entity ID')),
                ('xml', models.TextField()),
                ('sha256', models.CharField(max_length=64)),
                ('names', models.JSONField(default=dict, verbose_name='names')),
                ('search_text', models.TextField(blank=True)),
                ('scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=255), default=list, size=None, verbose_name='domains')),
                ('logo_url', models.CharField(blank=True, max_length=500)),
                ('registration_authority', models.CharField(blank=True, max_length=255, verbose_name='registration authority')),
                ('error_url', models.CharField(blank=True, max_length=1000)),
                ('sso_url', models.CharField(max_length=1000)),
                ('slo_url', models.CharField(blank=True, max_length=1000)),
                ('is_hidden', models.BooleanField(default=False)),
                ('is_enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('gone_at', models.DateTimeField(blank=True, null=True, verbose_name='left its federation on')),
            ],
            options={
                'verbose_name': 'identity provider',
                'verbose_name_plural': 'identity providers',
            },
        ),
        migrations.CreateModel(
            name='MetadataFeed',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('url', models.URLField(max_length=500, unique=True, verbose_name='address')),
                ('certificates', models.TextField(verbose_name='pinned signing certificates')),
                ('priority', models.PositiveSmallIntegerField(default=10, verbose_name='priority')),
                ('is_enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('attempted_at', models.DateTimeField(blank=True, null=True, verbose_name='last attempt')),
                ('refreshed_at', models.DateTimeField(blank=True, null=True, verbose_name='last refresh')),
                ('valid_until', models.DateTimeField(blank=True, null=True, verbose_name='valid until')),
                ('error', models.CharField(blank=True, max_length=300, verbose_name='last error')),
            ],
            options={
                'verbose_name': 'federation feed',
                'verbose_name_plural': 'federation feeds',
                'ordering': ['priority', 'name'],
            },
        ),
        migrations.CreateModel(
            name='SamlReplay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.CharField(max_length=64, unique=True)),
                ('expires_at', models.DateTimeField(db_index=True)),
            ],
        ),
        migrations.CreateModel(
            name='LoginRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('allowed_scopes', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=255), blank=True, default=list, help_text='Empty: every domain that the institution declares.', size=None, verbose_name='domains')),
                ('affiliations', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=30), blank=True, default=instances.models.access_rules.staff_floor, help_text='Empty: everyone, including students.', size=None, verbose_name='affiliations')),
                ('required', models.JSONField(blank=True, default=dict, help_text='Attributes with their allowed values: a person must have at least one value of each.', verbose_name='required attributes')),
                ('require_mfa', models.BooleanField(default=False, verbose_name='require a second factor')),
                ('is_enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('identity_provider', models.ForeignKey(blank=True, help_text='Choose one of: an identity provider, a feed, an OpenID Connect provider.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='accounts.identityprovider', verbose_name='identity provider')),
                ('instance', models.ForeignKey(blank=True, help_text='Empty: the whole organisation.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='login_rules', to='instances.instance', verbose_name='instance')),
                ('oidc_provider', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='socialaccount.socialapp', verbose_name='OpenID Connect provider')),
                ('organisation', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='login_rules', to='instances.organisation', verbose_name='organisation')),
                ('feed', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='rules', to='accounts.metadatafeed', verbose_name='federation feed')),
            ],
            options={
                'verbose_name': 'login rule',
                'verbose_name_plural': 'login rules',
            },
        ),
        migrations.AddField(
            model_name='identityprovider',
            name='feed',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='providers', to='accounts.metadatafeed', verbose_name='federation feed'),
        ),
        migrations.CreateModel(
            name='OidcSession',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('session_key', models.CharField(db_index=True, max_length=40)),
                ('id_token', models.TextField()),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('rule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='oidc_sessions', to='accounts.loginrule')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='oidc_sessions', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='SamlRequest',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('request_id', models.CharField(max_length=64, unique=True)),
                ('browser_digest', models.CharField(db_index=True, max_length=64)),
                ('next_url', models.CharField(max_length=2000)),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('used_at', models.DateTimeField(null=True)),
                ('identity_provider', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='accounts.identityprovider')),
                ('linking_user', models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('rule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to='accounts.loginrule')),
            ],
        ),
        migrations.CreateModel(
            name='SamlPost',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token_digest', models.CharField(max_length=64, unique=True)),
                ('saml_response', models.TextField()),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('request', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='post', to='accounts.samlrequest')),
            ],
        ),
        migrations.CreateModel(
            name='SamlSession',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('session_key', models.CharField(db_index=True, max_length=40)),
                ('name_id', models.JSONField(default=dict)),
                ('session_index', models.CharField(blank=True, max_length=500)),
                ('expires_at', models.DateTimeField(db_index=True)),
                ('identity_provider', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sessions', to='accounts.identityprovider')),
                ('rule', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sessions', to='accounts.loginrule')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='saml_sessions', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.AddConstraint(
            model_name='loginrule',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('feed__isnull', True), ('identity_provider__isnull', False), ('oidc_provider__isnull', True)), models.Q(('feed__isnull', False), ('identity_provider__isnull', True), ('oidc_provider__isnull', True)), models.Q(('feed__isnull', True), ('identity_provider__isnull', True), ('oidc_provider__isnull', False)), _connector='OR'), name='rule_names_one_way_in'),
        ),
        migrations.AddIndex(
            model_name='identityprovider',
            index=django.contrib.postgres.indexes.GinIndex(fields=['search_text'], name='idp_search', opclasses=['gin_trgm_ops']),
        ),
    ]
