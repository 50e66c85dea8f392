import django.db.models.deletion
from django.db import migrations, models

# Forced row security applies to the owner too; constraints are checked at once, as a table with
# pending checks cannot be altered.
_FILL = [
    "ALTER TABLE usage_usagerecord NO FORCE ROW LEVEL SECURITY",
    "UPDATE usage_usagerecord AS record SET"
    " organisation_id = instance.organisation_id,"
    " is_extractive = record.model = 'extractive',"
    " energy_min_wh = record.energy_wh,"
    " energy_max_wh = record.energy_wh,"
    " pseudonym = (SELECT pseudonym FROM people_user WHERE id = record.user_id)"
    " FROM instances_instance AS instance WHERE instance.id = record.instance_id",
    "SET CONSTRAINTS ALL IMMEDIATE",
    "ALTER TABLE usage_usagerecord FORCE ROW LEVEL SECURITY",
]


class Migration(migrations.Migration):
    dependencies = [("people", "0002_pseudonym"), ("usage", "0003_every_request")]
    operations = [
        migrations.RunSQL(_FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            "usagerecord",
            "organisation",
            models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="instances.organisation",
            ),
        ),
    ]
