from django.db import migrations

from instances.row_security import USER


class Migration(migrations.Migration):
    dependencies = [("usage", "0020_backends")]
    operations = [
        # One's own figures, without content, in all instances at once.
        migrations.RunSQL(
            f"CREATE POLICY visible ON usage_usagerecord FOR SELECT USING (user_id = {USER})",
            "DROP POLICY visible ON usage_usagerecord",
        ),
    ]
