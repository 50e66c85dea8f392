from importlib import import_module

import django.db.models.deletion
import pgvector.django.sparsevec
from django.conf import settings
from django.db import migrations, models

_TOTALS = import_module("ingestion.migrations.0003_totals")
# An attachment of a conversation takes room, but is no document of the instance.
_COUNT_DOCUMENTS = (
    (
        "SELECT instance_id, count(*), sum",
        "SELECT instance_id, count(*) FILTER (WHERE conversation_id IS NULL), sum",
    ),
    (
        "SELECT instance_id, count(*) AS documents",
        "SELECT instance_id, count(*) FILTER (WHERE conversation_id IS NULL) AS documents",
    ),
)


def _redefined(replacements: tuple[tuple[str, str], ...]) -> str:
    """Return the statement that redefines the function of 0003_totals."""
    statement = _TOTALS._FUNCTION.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    for before, after in replacements:
        statement = statement.replace(before, after)
    return statement


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0013_attachments'),
        ('ingestion', '0017_attachments'),
        ('instances', '0014_reserved_totals'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='document',
            name='same_bytes_once',
        ),
        migrations.AddField(
            model_name='chunk',
            name='attached_terms',
            field=pgvector.django.sparsevec.SparseVectorField(dimensions=1000000000, null=True),
        ),
        migrations.AddField(
            model_name='document',
            name='conversation',
            field=models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='attachments', to='chat.conversation'),
        ),
        migrations.AddConstraint(
            model_name='document',
            constraint=models.UniqueConstraint(condition=models.Q(('conversation', None)), fields=('instance', 'sha256'), name='same_bytes_once'),
        ),
        migrations.AddConstraint(
            model_name='document',
            constraint=models.UniqueConstraint(fields=('conversation', 'sha256'), name='same_bytes_attached_once'),
        ),
        # As the vectors of passages (0001_initial).
        migrations.RunSQL(
            "ALTER TABLE ingestion_chunk ALTER attached_terms SET STORAGE MAIN",
            migrations.RunSQL.noop,
        ),
        migrations.RunSQL(_redefined(_COUNT_DOCUMENTS), _redefined(())),
    ]
