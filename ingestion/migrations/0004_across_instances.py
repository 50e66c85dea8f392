from django.db import migrations

from instances.row_security import FunctionAcrossInstances


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0003_totals")]
    operations = [
        FunctionAcrossInstances(
            "unfinished_documents",
            tables=["ingestion_document"],
            returns="instance_id bigint, document_id uuid, status varchar,"
            " queued_at timestamptz, worker_seen_at timestamptz",
            query="SELECT instance_id, id, status, queued_at, worker_seen_at"
            " FROM ingestion_document WHERE status IN ('queued', 'parsing', 'embedding')",
        ),
        FunctionAcrossInstances(
            "instances_embedded_otherwise",
            tables=["ingestion_document"],
            arguments="model text",
            returns="instance_id bigint",
            # Two ranges of an index: most documents have the current model.
            query="SELECT DISTINCT instance_id FROM ingestion_document WHERE status = 'ready'"
            " AND (embedding_model < model OR embedding_model > model)",
        ),
        FunctionAcrossInstances(
            "documents_not_ready",
            tables=["ingestion_document"],
            returns="status varchar, documents bigint",
            query="SELECT status, count(*) FROM ingestion_document"
            " WHERE status IN ('queued', 'parsing', 'embedding', 'failed') GROUP BY status",
        ),
    ]
