from django.db import migrations

from instances.row_security import EnableRowSecurity


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0001_initial")]
    operations = [
        EnableRowSecurity("ingestion_document"),
        EnableRowSecurity("ingestion_documentpage"),
        EnableRowSecurity("ingestion_chunk"),
        EnableRowSecurity("ingestion_corpusstatistics"),
        EnableRowSecurity("ingestion_termstatistics"),
    ]
