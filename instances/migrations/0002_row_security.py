from django.db import migrations

from instances.row_security import EnableRowSecurity


class Migration(migrations.Migration):
    dependencies = [("instances", "0001_initial")]
    operations = [
        EnableRowSecurity(
            "instances_membership",
            also_visible="user_id = nullif(current_setting('ragapp.user', true), '')::bigint",
        ),
        EnableRowSecurity(
            "instances_apikey",
            also_visible="digest = current_setting('ragapp.key', true)",
        ),
    ]
