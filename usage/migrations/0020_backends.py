from importlib import import_module

from django.db import migrations, models

_BEFORE = import_module("usage.migrations.0014_cells_of_days")

# As before, with the backend.
_CELLS = """
CREATE OR REPLACE FUNCTION usage_cells(one usage_usagerecord, zone text)
RETURNS TABLE (dimension text, value text) LANGUAGE sql STABLE AS $$
SELECT cell.dimension, cell.value FROM (VALUES
  ('all', '', true),
  ('day', (one.created_at AT TIME ZONE zone)::date::text, true),
  ('instance', one.instance_id::text, true),
  ('organisation', one.organisation_id::text, true),
  ('kind', one.kind, true),
  ('model', one.model, one.model <> ''),
  ('backend', one.backend_name, one.backend_name <> ''),
  ('affiliation', one.affiliation, true),
  ('trade', one.trade, true),
  ('outcome', one.outcome, one.kind = 'answer'),
  ('class', left(one.subject, 1), one.kind = 'answer'),
  ('class_affiliation', left(one.subject, 1) || ' ' || one.affiliation, one.kind = 'answer'),
  ('class_trade', left(one.subject, 1) || ' ' || one.trade, one.kind = 'answer'),
  ('frugality', CASE one.outcome WHEN 'cached' THEN 'cached' ELSE one.frugal_step END,
   one.kind = 'answer' AND one.outcome IN ('complete', 'cached')),
  ('subject', one.subject, one.kind = 'answer'),
  ('duration', floor(ln(greatest(one.total_ms, 1)::float8) / ln(1.05::float8))::text,
   one.kind = 'answer' AND one.outcome = 'complete')
) AS cell(dimension, value, is_counted) WHERE cell.is_counted
$$
"""


def _dimension() -> models.CharField:
    return models.CharField(
        choices=[
            ("all", "All"),
            ("day", "Day"),
            ("instance", "Instance"),
            ("organisation", "Organisation"),
            ("kind", "Kind"),
            ("outcome", "Outcome"),
            ("class", "Class"),
            ("subject", "Subject"),
            ("duration", "Duration"),
            ("model", "Model"),
            ("backend", "Backend"),
            ("affiliation", "Affiliation"),
            ("trade", "Trade"),
            ("class_affiliation", "Class Affiliation"),
            ("class_trade", "Class Trade"),
            ("frugality", "Frugality"),
        ],
        max_length=20,
    )


class Migration(migrations.Migration):
    dependencies = [("usage", "0018_stated_by_backends")]
    operations = [
        migrations.AlterField("monthlycell", "dimension", _dimension()),
        migrations.AlterField("dailycell", "dimension", _dimension()),
        migrations.RunSQL(_CELLS, _BEFORE._CELLS.replace("CREATE", "CREATE OR REPLACE")),
        # Past days have the new dimension once the tasks have computed them again.
        migrations.RunSQL(_BEFORE.pending_days(), migrations.RunSQL.noop),
    ]
