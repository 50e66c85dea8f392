from django.db import migrations, models

from instances.row_security import FunctionAcrossInstances

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
  count(DISTINCT coalesce(record.pseudonym, md5('key ' || record.api_key_id)::uuid)),
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
  ('affiliation', record.affiliation, true),
  ('trade', record.trade, true),
  ('outcome', record.outcome, record.kind = 'answer'),
  ('class', left(record.subject, 1), record.kind = 'answer'),
  ('frugality', CASE record.outcome WHEN 'cached' THEN 'cached' ELSE record.frugal_step END,
   record.kind = 'answer' AND record.outcome IN ('complete', 'cached')),
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
# What first answers saved in the instances where they were given (``usage.dashboards.savings``):
# n of which m were followed by the other model save n - m times the mean of its answers.
_SAVINGS = """
WITH answers AS (
  SELECT instance_id, frugal_step, model, other_model, method,
    sum(requests) AS n, sum(energy_wh) AS wh
  FROM usage_monthlyusage
  WHERE month = of_month AND kind = 'answer' AND outcome = 'complete'
    AND (organisation IS NULL OR organisation_id = organisation)
  GROUP BY instance_id, frugal_step, model, other_model, method
), methods AS (
  SELECT instance_id, model, method, sum(n) AS n, sum(wh) AS wh
  FROM answers GROUP BY instance_id, model, method
), compared AS (
  SELECT DISTINCT ON (instance_id, model) instance_id, model, method, wh / n::float8 AS mean_wh
  FROM methods ORDER BY instance_id, model, n DESC, method COLLATE "C"
), pairs AS (
  SELECT instance_id, CASE frugal_step WHEN 'first' THEN other_model ELSE model END AS model,
    greatest(0, sum(CASE frugal_step WHEN 'first' THEN n ELSE -n END)) AS spared
  FROM answers WHERE frugal_step <> ''
  GROUP BY instance_id, 2, CASE frugal_step WHEN 'first' THEN model ELSE other_model END
)
SELECT compared.method::varchar, sum(pairs.spared)::bigint,
  sum(pairs.spared::float8 * compared.mean_wh)::float8
FROM pairs JOIN compared USING (instance_id, model)
GROUP BY compared.method HAVING sum(pairs.spared) > 0
"""


class Migration(migrations.Migration):
    dependencies = [("usage", "0012_monthly_sums")]
    operations = [
        migrations.AlterField("monthlycell", "dimension", models.CharField(choices=[
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
                    ("affiliation", "Affiliation"),
                    ("trade", "Trade"),
                    ("frugality", "Frugality"),
                ], max_length=12)),
        migrations.RunSQL(
            (
                "DROP FUNCTION usage_of_month",
                "DROP POLICY usage_of_month ON usage_usagerecord",
            ),
            migrations.RunSQL.noop,
        ),
        # As before, with two more dimensions. Persons are compared as UUIDs: sorting them as texts,
        # by the rules of a language, took most of the time.
        FunctionAcrossInstances(
            "usage_of_month",
            tables=["usage_usagerecord"],
            arguments="organisation bigint, since timestamptz, until timestamptz, zone text",
            returns=_RETURNS,
            query=_CELLS,
        ),
        FunctionAcrossInstances(
            "savings_of_month",
            tables=["usage_monthlyusage"],
            arguments="organisation bigint, of_month date",
            returns="method varchar, requests bigint, avoided_wh float8",
            query=_SAVINGS,
        ),
        # Past months have the new dimensions once they are computed again.
        migrations.RunSQL(
            "INSERT INTO usage_pendingmonth (organisation_id, month)"
            " SELECT DISTINCT organisation_id, month FROM usage_monthlycell"
            " ON CONFLICT DO NOTHING",
            migrations.RunSQL.noop,
        ),
    ]
