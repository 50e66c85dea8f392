import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("instances", "0011_key_second_factor"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="AccountControl",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("controller_name", models.CharField(blank=True, max_length=300)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("created", "Created"),
                            ("invited", "Invited"),
                            ("password", "Password"),
                            ("address", "Address"),
                            ("indirect", "Indirect"),
                        ],
                        max_length=10,
                    ),
                ),
                ("notice_address", models.EmailField(blank=True, max_length=254)),
                ("at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="controls",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "controller",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-at"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("account", "controller", "reason"),
                        name="one_control_of_a_kind",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
    ]
