import django.db.models.functions.text
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0012_encrypted_secrets"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [
        migrations.AddConstraint(
            model_name="user",
            constraint=models.UniqueConstraint(
                django.db.models.functions.text.Lower("email"),
                condition=models.Q(
                    models.Q(("email", ""), _negated=True),
                    models.Q(("password", ""), _negated=True),
                    models.Q(("password__startswith", "!"), _negated=True),
                ),
                name="one_account_with_a_password_per_address",
            ),
        ),
    ]
