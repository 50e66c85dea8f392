from django.db import migrations

from instances.row_security import EnableRowSecurity, FunctionAcrossInstances

_PENDING = """
CREATE FUNCTION note_pending_usage() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO usage_pendingusage (instance_id, created_at) VALUES (NEW.instance_id, NEW.created_at);
  IF TG_OP = 'UPDATE' AND OLD.created_at <> NEW.created_at THEN
    INSERT INTO usage_pendingusage (instance_id, created_at) VALUES (OLD.instance_id, OLD.created_at);
  END IF;
  RETURN NULL;
END $$
"""

_COUNTED = ("requests", "questions", "unanswered", "answer_ms")
_SUMMED = (
    *("prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens", "cpu_seconds"),
    *("energy_wh", "energy_min_wh", "energy_max_wh", "avoided_wh", "gco2e_usage"),
    *("gco2e_embodied", "water_l", "adpe_kg_sb", "cost"),
)
# Which of them are sums over different methods, or in different currencies, in the row of all.
_NOT_ADDED = _SUMMED[4:]


def _sum(name: str) -> str:
    total = f"coalesce(sum(record.{name}), 0)"
    if name in _NOT_ADDED:
        return f"CASE WHEN GROUPING(record.method) = 1 THEN 0 ELSE {total} END"
    return total


# Each record belongs to one cell of each dimension.
_CELLS = f"""
SELECT cell.dimension::varchar, cell.value::varchar,
  coalesce(record.method, '')::varchar, coalesce(record.currency, '')::varchar,
  count(DISTINCT coalesce(record.pseudonym::text, 'key ' || record.api_key_id)),
  count(*),
  count(*) FILTER (WHERE record.kind = 'answer'),
  count(*) FILTER (WHERE record.kind = 'answer' AND record.outcome = 'nothing_found'),
  coalesce(sum(record.total_ms) FILTER (WHERE record.kind = 'answer'), 0)::bigint,
  {", ".join(f"{_sum(name)}::{'bigint' if name.endswith('tokens') else 'numeric' if name == 'cost' else 'float8'}" for name in _SUMMED)}
FROM usage_usagerecord record
CROSS JOIN LATERAL (VALUES
  ('all', '', true),
  ('day', (record.created_at AT TIME ZONE zone)::date::text, true),
  ('instance', record.instance_id::text, organisation IS NOT NULL),
  ('organisation', record.organisation_id::text, organisation IS NULL),
  ('kind', record.kind, true),
  ('model', record.model, record.model <> ''),
  ('outcome', record.outcome, record.kind = 'answer'),
  ('subject', record.subject, record.kind = 'answer'),
  ('duration', floor(ln(greatest(record.total_ms, 1)::float8) / ln(1.05::float8))::text,
   record.kind = 'answer' AND record.outcome = 'complete')
) AS cell(dimension, value, is_counted)
WHERE record.created_at >= since AND record.created_at < until AND cell.is_counted
  AND (organisation IS NULL OR record.organisation_id = organisation)
GROUP BY GROUPING SETS (
  (cell.dimension, cell.value), (cell.dimension, cell.value, record.method, record.currency)
)
HAVING GROUPING(record.method) = 1 OR cell.dimension NOT IN ('duration', 'outcome')
"""
_RETURNS = ", ".join(
    [
        "dimension varchar, value varchar, method varchar, currency varchar, persons bigint",
        *(f"{name} bigint" for name in _COUNTED),
        *(
            f"{name} {'bigint' if name.endswith('tokens') else 'numeric' if name == 'cost' else 'float8'}"
            for name in _SUMMED
        ),
    ]
)


class Migration(migrations.Migration):
    dependencies = [("usage", "0005_rollups")]
    operations = [
        EnableRowSecurity("usage_dailyusage"),
        EnableRowSecurity("usage_dailysubject"),
        EnableRowSecurity("usage_dailyduration"),
        EnableRowSecurity("usage_dailyperson"),
        EnableRowSecurity("usage_pendingusage"),
        migrations.RunSQL(
            (
                _PENDING,
                "CREATE TRIGGER note_pending_usage AFTER INSERT OR UPDATE ON usage_usagerecord"
                " FOR EACH ROW EXECUTE FUNCTION note_pending_usage()",
            ),
            (
                "DROP TRIGGER note_pending_usage ON usage_usagerecord",
                "DROP FUNCTION note_pending_usage",
            ),
        ),
        FunctionAcrossInstances(
            "instances_with_pending_usage",
            tables=["usage_pendingusage"],
            returns="instance_id bigint",
            query="SELECT DISTINCT instance_id FROM usage_pendingusage ORDER BY 1",
        ),
        # For an organisation, or for the whole site if it is null.
        FunctionAcrossInstances(
            "usage_of_month",
            tables=["usage_usagerecord"],
            arguments="organisation bigint, since timestamptz, until timestamptz, zone text",
            returns=_RETURNS,
            query=_CELLS,
        ),
    ]
