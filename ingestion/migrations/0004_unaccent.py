from django.contrib.postgres.operations import UnaccentExtension
from django.db import migrations


class Migration(migrations.Migration):
    """The lists and the search inside documents ignore accents (ingestion.queries)."""

    dependencies = [("ingestion", "0003_retrieval")]

    operations = [UnaccentExtension()]
