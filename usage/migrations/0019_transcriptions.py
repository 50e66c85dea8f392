from django.db import migrations, models

from instances.row_security import FunctionAcrossInstances

# With the length of recordings that were transcribed.
_COUNTED = ("requests", "questions", "unanswered", "answer_ms")
_SENTENCES = ("checked_sentences", "unsupported_sentences", "moved_citations")
_SUMMED = (
    *("prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens"),
    *_SENTENCES,
    "audio_seconds",
    *("cpu_seconds", "energy_wh", "energy_min_wh", "energy_max_wh", "avoided_wh", "gco2e_usage"),
    *("gco2e_embodied", "water_l", "adpe_kg_sb", "cost"),
)
_TABLES = (
    *("dailyusage", "dailysubject", "monthlyusage", "monthlysubject"),
    *("dailycell", "monthlycell"),
)


def _type(name: str) -> str:
    if name in (*_COUNTED, *_SENTENCES) or name.endswith("tokens"):
        return "bigint"
    return "numeric" if name == "cost" else "float8"


# As before, with the recordings.
_OF_DAYS = f"""
SELECT (record.created_at AT TIME ZONE zone)::date, cell.dimension::varchar, cell.value::varchar,
  record.method, record.currency,
  count(*),
  count(*) FILTER (WHERE record.kind = 'answer'),
  count(*) FILTER (WHERE record.kind = 'answer' AND record.outcome = 'nothing_found'),
  coalesce(sum(record.total_ms) FILTER (WHERE record.kind = 'answer'), 0)::bigint,
  {", ".join(f"coalesce(sum(record.{name}), 0)::{_type(name)}" for name in _SUMMED)}
FROM usage_usagerecord AS record CROSS JOIN LATERAL usage_cells(record, zone) AS cell
WHERE record.created_at >= since AND record.created_at < until
  AND record.organisation_id = organisation
GROUP BY 1, cell.dimension, cell.value, record.method, record.currency
"""
_RETURNS = ", ".join(
    [
        "day date, dimension varchar, value varchar, method varchar, currency varchar",
        *(f"{name} {_type(name)}" for name in (*_COUNTED, *_SUMMED)),
    ]
)


class Migration(migrations.Migration):
    dependencies = [("usage", "0017_checked_sentences")]
    operations = [
        migrations.AlterField(
            model_name="usagerecord",
            name="kind",
            field=models.CharField(
                choices=[
                    ("answer", "Answer"),
                    ("rewriting", "Rewriting of a question"),
                    ("embedding", "Search for passages"),
                    ("rerank", "Reranking"),
                    ("ingestion", "Indexing of a document"),
                    ("transcription", "Transcription of a recording"),
                    ("evaluation", "Golden questions"),
                ],
                default="answer",
                max_length=15,
            ),
        ),
        *(
            migrations.AddField(table, "audio_seconds", models.FloatField(default=0.0))
            for table in ("usagerecord", *_TABLES)
        ),
        migrations.RunSQL(
            ("DROP FUNCTION usage_of_days", "DROP POLICY usage_of_days ON usage_usagerecord"),
            migrations.RunSQL.noop,
        ),
        FunctionAcrossInstances(
            "usage_of_days",
            tables=["usage_usagerecord"],
            arguments="organisation bigint, since timestamptz, until timestamptz, zone text",
            returns=_RETURNS,
            query=_OF_DAYS,
        ),
    ]
