import django.contrib.postgres.fields
import django.db.models.deletion
import instances.models.people
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0007_found_by_email"),
        ("instances", "0008_members_newest_first"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="identityprovider",
            options={
                "verbose_name": "identity provider",
                "verbose_name_plural": "identity providers",
            },
        ),
        migrations.AlterModelOptions(
            name="loginrule",
            options={"verbose_name": "login rule", "verbose_name_plural": "login rules"},
        ),
        migrations.AlterModelOptions(
            name="metadatafeed",
            options={
                "ordering": ["priority", "name"],
                "verbose_name": "federation feed",
                "verbose_name_plural": "federation feeds",
            },
        ),
        migrations.AlterField(
            model_name="identityprovider",
            name="entity_id",
            field=models.CharField(max_length=1024, unique=True, verbose_name="entity ID"),
        ),
        migrations.AlterField(
            model_name="identityprovider",
            name="feed",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="providers",
                to="accounts.metadatafeed",
                verbose_name="federation feed",
            ),
        ),
        migrations.AlterField(
            model_name="identityprovider",
            name="gone_at",
            field=models.DateTimeField(
                blank=True, null=True, verbose_name="left its federation on"
            ),
        ),
        migrations.AlterField(
            model_name="identityprovider",
            name="names",
            field=models.JSONField(default=dict, verbose_name="names"),
        ),
        migrations.AlterField(
            model_name="identityprovider",
            name="registration_authority",
            field=models.CharField(
                blank=True, max_length=255, verbose_name="registration authority"
            ),
        ),
        migrations.AlterField(
            model_name="identityprovider",
            name="scopes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=255),
                default=list,
                size=None,
                verbose_name="domains",
            ),
        ),
        migrations.AlterField(
            model_name="loginrule",
            name="affiliations",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=30),
                blank=True,
                default=instances.models.people.staff_floor,
                help_text="Empty: anybody, students included.",
                size=None,
                verbose_name="affiliations",
            ),
        ),
        migrations.AlterField(
            model_name="loginrule",
            name="allowed_scopes",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.CharField(max_length=255),
                blank=True,
                default=list,
                help_text="Empty: every domain that the institution declares.",
                size=None,
                verbose_name="domains",
            ),
        ),
        migrations.AlterField(
            model_name="loginrule",
            name="feed",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="rules",
                to="accounts.metadatafeed",
                verbose_name="federation feed",
            ),
        ),
        migrations.AlterField(
            model_name="loginrule",
            name="identity_provider",
            field=models.ForeignKey(
                blank=True,
                help_text="Choose one of: an identity provider, a feed, an OpenID Connect provider.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="rules",
                to="accounts.identityprovider",
                verbose_name="identity provider",
            ),
        ),
        migrations.AlterField(
            model_name="loginrule",
            name="instance",
            field=models.ForeignKey(
                blank=True,
                help_text="Empty: the whole organisation.",
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="login_rules",
                to="instances.instance",
                verbose_name="instance",
            ),
        ),
        migrations.AlterField(
            model_name="loginrule",
            name="organisation",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="login_rules",
                to="instances.organisation",
                verbose_name="organisation",
            ),
        ),
        migrations.AlterField(
            model_name="loginrule",
            name="required",
            field=models.JSONField(
                blank=True,
                default=dict,
                help_text="Attributes, each with the values of which a person must have one.",
                verbose_name="required attributes",
            ),
        ),
        migrations.AlterField(
            model_name="metadatafeed",
            name="attempted_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="last attempt"),
        ),
        migrations.AlterField(
            model_name="metadatafeed",
            name="refreshed_at",
            field=models.DateTimeField(blank=True, null=True, verbose_name="last refresh"),
        ),
        migrations.AlterField(
            model_name="metadatafeed",
            name="valid_until",
            field=models.DateTimeField(blank=True, null=True, verbose_name="valid until"),
        ),
        migrations.AlterField(
            model_name="user",
            name="must_change_password",
            field=models.BooleanField(default=False, verbose_name="must change the password"),
        ),
    ]
