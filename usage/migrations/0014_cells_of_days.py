import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from instances.row_security import FunctionAcrossInstances

_COUNTED = ("requests", "questions", "unanswered", "answer_ms")
_SUMMED = (
    *("prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens", "cpu_seconds"),
    *("energy_wh", "energy_min_wh", "energy_max_wh", "avoided_wh", "gco2e_usage"),
    *("gco2e_embodied", "water_l", "adpe_kg_sb", "cost"),
)


def _type(name: str) -> str:
    if name in _COUNTED or name.endswith("tokens"):
        return "bigint"
    return "numeric" if name == "cost" else "float8"


# To which cells a record belongs: to one of each dimension. Plain SQL, so that PostgreSQL puts it
# into the queries that use it.
_CELLS = """
CREATE FUNCTION usage_cells(one usage_usagerecord, zone text)
RETURNS TABLE (dimension text, value text) LANGUAGE sql STABLE AS $$
SELECT cell.dimension, cell.value FROM (VALUES
  ('all', '', true),
  ('day', (one.created_at AT TIME ZONE zone)::date::text, true),
  ('instance', one.instance_id::text, true),
  ('organisation', one.organisation_id::text, true),
  ('kind', one.kind, true),
  ('model', one.model, one.model <> ''),
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
# A person in several instances counts once. Compared as UUIDs, which are sorted faster than texts.
_PERSONS = """
SELECT name.dimension, name.value, counted.persons
FROM (
  SELECT once.cell, count(*) AS persons FROM (
    SELECT DISTINCT unnest(one.cells) AS cell, CASE left(one.person, 4) WHEN 'key ' THEN
      md5(one.person)::uuid ELSE one.person::uuid END AS person
    FROM usage_monthlyperson AS one
    WHERE one.month = of_month AND (organisation IS NULL OR one.organisation_id = organisation)
  ) AS once GROUP BY once.cell
) AS counted JOIN usage_cellname AS name ON name.id = counted.cell
"""
# Row security shows the days of one instance at a time. Their sums, with what each person used, are
# computed again by the tasks.
_PENDING = """
DO $$
DECLARE instance bigint;
BEGIN
  FOR instance IN SELECT id FROM instances_instance LOOP
    PERFORM set_config('ragapp.instance', instance::text, true);
    INSERT INTO usage_pendingusage (instance_id, created_at)
      SELECT DISTINCT instance_id, (day + time '12:00') AT TIME ZONE {zone} FROM usage_dailyusage;
  END LOOP;
  PERFORM set_config('ragapp.instance', '', true);
END $$
"""


def pending_days() -> str:
    """The statement that marks all days of all instances."""
    return _PENDING.format(zone="'{}'".format(settings.TIME_ZONE.replace("'", "''")))


def _organisation() -> models.ForeignKey:
    return models.ForeignKey(
        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="+",
        to="instances.organisation",
    )


def _cells() -> django.contrib.postgres.fields.ArrayField:
    return django.contrib.postgres.fields.ArrayField(models.IntegerField(), default=list)


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
            ("affiliation", "Affiliation"),
            ("trade", "Trade"),
            ("class_affiliation", "Class Affiliation"),
            ("class_trade", "Class Trade"),
            ("frugality", "Frugality"),
        ],
        max_length=20,
    )


def _sums() -> list[tuple[str, models.Field]]:
    fields: dict[str, models.Field] = {
        "bigint": models.BigIntegerField(default=0),
        "float8": models.FloatField(default=0.0),
        "numeric": models.DecimalField(decimal_places=8, default=0, max_digits=24),
    }
    return [(name, fields[_type(name)].clone()) for name in (*_COUNTED, *_SUMMED)]


class Migration(migrations.Migration):
    dependencies = [
        ("instances", "0009_personal_data"),
        ("usage", "0013_classes_and_savings"),
    ]
    operations = [
        migrations.CreateModel(
            name="CellName",
            fields=[
                ("id", models.AutoField(primary_key=True, serialize=False)),
                ("dimension", models.CharField(max_length=20)),
                ("value", models.CharField(blank=True, max_length=200)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("dimension", "value"), name="one_number_a_cell"
                    )
                ]
            },
        ),
        migrations.CreateModel(
            name="DailyCell",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                *_sums(),
                ("day", models.DateField()),
                ("dimension", _dimension()),
                ("value", models.CharField(blank=True, max_length=200)),
                ("method", models.CharField(max_length=20)),
                ("currency", models.CharField(blank=True, max_length=3)),
                ("organisation", models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="instances.organisation")),
            ],
            options={
                "indexes": [
                    models.Index(fields=["organisation", "day"], name="cells_by_day"),
                    django.contrib.postgres.indexes.BrinIndex(fields=["day"], name="cells_by_time"),
                ]
            },
        ),
        migrations.CreateModel(
            name="PendingDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("organisation", models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="instances.organisation")),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("organisation", "day"), name="one_pending_day"
                    )
                ]
            },
        ),
        migrations.AlterField("monthlycell", "dimension", _dimension()),
        migrations.AlterField(
            "monthlycell", "persons", models.PositiveIntegerField(null=True)
        ),
        # Computed again from the records (below).
        migrations.RunSQL(
            "TRUNCATE usage_dailyperson, usage_monthlyperson", migrations.RunSQL.noop
        ),
        migrations.AddField("dailyperson", "organisation", _organisation()),
        migrations.AddField("dailyperson", "cells", _cells()),
        migrations.RemoveConstraint("monthlyperson", "person_once_a_month"),
        migrations.AddField("monthlyperson", "organisation", _organisation()),
        migrations.AddField("monthlyperson", "cells", _cells()),
        migrations.AddConstraint(
            "monthlyperson",
            models.UniqueConstraint(
                fields=("instance", "month", "person", "organisation"), name="person_once_a_month"
            ),
        ),
        migrations.AddIndex(
            "monthlyperson",
            models.Index(fields=["month", "organisation"], name="persons_by_month"),
        ),
        migrations.RunSQL(
            (
                "DROP FUNCTION usage_of_month",
                "DROP POLICY usage_of_month ON usage_usagerecord",
                _CELLS,
            ),
            "DROP FUNCTION usage_cells",
        ),
        FunctionAcrossInstances(
            "usage_of_days",
            tables=["usage_usagerecord"],
            arguments="organisation bigint, since timestamptz, until timestamptz, zone text",
            returns=_RETURNS,
            query=_OF_DAYS,
        ),
        FunctionAcrossInstances(
            "persons_of_month",
            tables=["usage_monthlyperson"],
            arguments="organisation bigint, of_month date",
            returns="dimension varchar, value varchar, persons bigint",
            query=_PERSONS,
        ),
        migrations.RunSQL(pending_days(), migrations.RunSQL.noop),
    ]
