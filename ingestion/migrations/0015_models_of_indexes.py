from django.conf import settings
from django.db import migrations, models

# Documents that have failed are tried again, and recorded with their attempt. Row security holds the
# owner too.
_FILL = (
    "ALTER TABLE ingestion_indexgeneration NO FORCE ROW LEVEL SECURITY",
    (
        "UPDATE ingestion_indexgeneration SET embedding_model = %s WHERE embedding_model = ''",
        [settings.EMBEDDING_MODEL],
    ),
    "UPDATE ingestion_indexgeneration SET failures = '{}'",
    "ALTER TABLE ingestion_indexgeneration FORCE ROW LEVEL SECURITY",
)


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0014_priority")]

    operations = [
        migrations.RunSQL(_FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="indexgeneration",
            name="embedding_model",
            field=models.CharField(max_length=200),
        ),
    ]
