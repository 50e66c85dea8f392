from django.db import migrations

from ingestion.models import DEFAULT_TITLE

# Citations copy the title of their document since 0004 only. Forced row security applies to the
# owner too.
_FILL = [
    "ALTER TABLE chat_citation NO FORCE ROW LEVEL SECURITY",
    "ALTER TABLE ingestion_document NO FORCE ROW LEVEL SECURITY",
    (
        "UPDATE chat_citation AS citation SET document_title = document.title"
        " FROM ingestion_document AS document"
        " WHERE document.id = citation.document_id AND citation.document_title = ''"
        " AND document.title !~* %s",
        [DEFAULT_TITLE],
    ),
    "SET CONSTRAINTS ALL IMMEDIATE",
    "ALTER TABLE ingestion_document FORCE ROW LEVEL SECURITY",
    "ALTER TABLE chat_citation FORCE ROW LEVEL SECURITY",
]


class Migration(migrations.Migration):
    dependencies = [("chat", "0005_reusable_answers"), ("ingestion", "0005_turns")]
    operations = [migrations.RunSQL(_FILL, migrations.RunSQL.noop)]
