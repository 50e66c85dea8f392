from django.db import migrations

from instances.row_security import FunctionAcrossInstances

# Instances are found by jumping from one to the next in the index of what waits: thousands of
# documents of one instance cost no more than one.
QUESTION = """
WITH RECURSIVE waiting(instance_id) AS (
  (SELECT d.instance_id FROM ingestion_document d WHERE {waits}
   ORDER BY d.instance_id LIMIT 1)
  UNION ALL
  SELECT (SELECT d.instance_id FROM ingestion_document d
          WHERE {waits} AND d.instance_id > waiting.instance_id
          ORDER BY d.instance_id LIMIT 1)
  FROM waiting WHERE waiting.instance_id IS NOT NULL
), running AS (
  SELECT d.instance_id, d.size_bytes > large_bytes AS is_large FROM ingestion_document d
  WHERE d.status = '{works_as}' AND d.worker_seen_at IS NOT NULL
), chosen AS (
  SELECT waiting.instance_id, document.id, document.attempt, document.queued_at,
    (SELECT count(*) FROM running WHERE running.instance_id = waiting.instance_id) AS under_way,
    (SELECT coalesce(sum({work}), 0) FROM ingestion_document d
     WHERE d.instance_id = waiting.instance_id
     AND d.updated_at > now() - interval '10 minutes' AND {worked_on}) AS recent_work
  FROM waiting CROSS JOIN LATERAL (
    SELECT d.id, d.attempt, d.queued_at FROM ingestion_document d
    WHERE d.instance_id = waiting.instance_id AND {waits} AND d.queued_at <= clock_timestamp()
    AND ({any_size} OR d.size_bytes <= large_bytes
         OR (SELECT count(*) FROM running WHERE is_large) < greatest(slots - 1, 1))
    ORDER BY d.queued_at, d.id LIMIT 1
  ) document
)
SELECT chosen.instance_id, chosen.id, chosen.attempt FROM chosen
WHERE chosen.under_way < greatest(slots - 1, 1)
ORDER BY chosen.under_way, chosen.recent_work, chosen.queued_at, chosen.id LIMIT 1
"""
PARSE = QUESTION.format(
    waits="d.worker_seen_at IS NULL AND d.status IN ('queued', 'parsing')",
    works_as="parsing",
    # A small file has a cost of its own.
    work="d.size_bytes + 65536",
    worked_on="d.started_at > now() - interval '10 minutes'",
    any_size="false",
)
EMBED = QUESTION.format(
    waits="d.worker_seen_at IS NULL AND d.status = 'embedding'",
    works_as="embedding",
    work="d.embedded_chunks",
    worked_on="d.status IN ('embedding', 'ready')",
    # A turn ends after a few batches, whatever the size.
    any_size="true",
)


class Migration(migrations.Migration):
    dependencies = [("ingestion", "0004_across_instances")]
    operations = [
        FunctionAcrossInstances(
            "document_to_parse",
            tables=["ingestion_document"],
            arguments="slots integer, large_bytes bigint",
            returns="instance_id bigint, document_id uuid, attempt integer",
            query=PARSE,
        ),
        FunctionAcrossInstances(
            "document_to_embed",
            tables=["ingestion_document"],
            arguments="slots integer, large_bytes bigint",
            returns="instance_id bigint, document_id uuid, attempt integer",
            query=EMBED,
        ),
    ]
