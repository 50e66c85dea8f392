from django.db import migrations

# Counted by the database, so that the totals are exact whatever adds or deletes a row, and one query
# reads those of many instances: the application sees the rows of one instance at a time.
_FUNCTION = """
CREATE FUNCTION keep_instance_totals() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO instances_instancetotals AS totals (instance_id, documents, stored_bytes)
    SELECT instance_id, count(*), sum(size_bytes) FROM added GROUP BY instance_id
    ORDER BY instance_id
    ON CONFLICT (instance_id) DO UPDATE SET
      documents = totals.documents + excluded.documents,
      stored_bytes = totals.stored_bytes + excluded.stored_bytes;
  ELSE
    UPDATE instances_instancetotals AS totals SET
      documents = totals.documents - gone.documents,
      stored_bytes = totals.stored_bytes - gone.stored_bytes
    FROM (
      SELECT instance_id, count(*) AS documents, sum(size_bytes) AS stored_bytes
      FROM removed GROUP BY instance_id
    ) AS gone
    WHERE totals.instance_id = gone.instance_id;
  END IF;
  RETURN NULL;
END $$
"""

class Migration(migrations.Migration):
    dependencies = [("ingestion", "0002_row_security")]
    operations = [
        migrations.RunSQL(
            (
                _FUNCTION,
                "CREATE TRIGGER totals_grow AFTER INSERT ON ingestion_document"
                " REFERENCING NEW TABLE AS added"
                " FOR EACH STATEMENT EXECUTE FUNCTION keep_instance_totals()",
                "CREATE TRIGGER totals_shrink AFTER DELETE ON ingestion_document"
                " REFERENCING OLD TABLE AS removed"
                " FOR EACH STATEMENT EXECUTE FUNCTION keep_instance_totals()",
            ),
            (
                "DROP TRIGGER totals_shrink ON ingestion_document",
                "DROP TRIGGER totals_grow ON ingestion_document",
                "DROP FUNCTION keep_instance_totals",
            ),
        ),
    ]
