from django.db import migrations, models

# Records of the API had no answer's id; row security would hide them from the update.
_GIVE_IDS = """
ALTER TABLE usage_usagerecord NO FORCE ROW LEVEL SECURITY;
UPDATE usage_usagerecord SET answer_id = gen_random_uuid() WHERE answer_id IS NULL;
ALTER TABLE usage_usagerecord FORCE ROW LEVEL SECURITY;
"""


class Migration(migrations.Migration):
    dependencies = [("usage", "0002_row_security")]
    operations = [
        migrations.RenameField("usagerecord", "message_id", "answer_id"),
        migrations.RunSQL(_GIVE_IDS, migrations.RunSQL.noop),
        migrations.AlterField("usagerecord", "answer_id", models.UUIDField(unique=True)),
    ]
