"""The generated records of ``bench.usage.dashboards``, and their sums."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from django.db import connections

from bench.scale.tables import row_security_off
from instances.models import Instance, Membership, Organisation, Role
from instances.tenancy import tenant
from people.models import User
from usage.models import UsageRecord
from usage.rollups.monthly import roll_up_pending_months
from usage.rollups.refresh import rebuild_instance
from usage.tasks import roll_up_days, roll_up_months

ORGANISATIONS, INSTANCES, PEOPLE = 20, 600, 20_000
BATCH = 500_000
# An instance has 1/n of the questions of the first; its people are a part of all of them.
INSERT = """
INSERT INTO usage_usagerecord (id, request_id, kind, outcome, is_extractive, created_at,
  organisation_id, cost_centre, pseudonym, model, backend_name, prompt_tokens, completion_tokens,
  tokens_estimated, pages, passages, queue_ms, retrieval_ms, total_ms, cpu_seconds, energy_wh,
  energy_min_wh, energy_max_wh, avoided_wh, method, method_version, gco2e_usage, gco2e_embodied,
  carbon_g_per_kwh, carbon_source, water_l, cost, currency, subject, instance_id, frugal_step,
  other_model, affiliation, trade)
SELECT gen_random_uuid(), gen_random_uuid(), kind, outcome, model = 'extractive', created_at,
  organisation_id, '', md5(person::text)::uuid, model, 'vllm', 1500, 300,
  false, 0, 0, 0, 40, 500 + (random() * 20000)::int, 0.1, 0.5,
  0.2, 0.9, 0, CASE model WHEN 'extractive' THEN 'local' ELSE 'modelled' END, '1', 0.02, 0.04,
  41, 'bench', 0.001, CASE model WHEN 'extractive' THEN NULL ELSE 0.0002 END,
  CASE model WHEN 'extractive' THEN '' ELSE 'EUR' END,
  lpad((10 * (random() * 99)::int)::text, 3, '0'), instance_id, '',
  '', (ARRAY['', 'staff', 'faculty', 'researcher', 'student'])[1 + person %% 5],
  (ARRAY['', 'BAP E', 'BAP J', 'CNU 26'])[1 + person %% 4]
FROM (
  SELECT instance.id AS instance_id, instance.organisation_id,
    CASE WHEN draw.kind < 0.6 THEN 'answer' ELSE 'embedding' END AS kind,
    CASE WHEN draw.outcome < 0.85 THEN 'complete' ELSE 'nothing_found' END AS outcome,
    (ARRAY['extractive', 'small', 'large'])[1 + floor(draw.model * 3)::int] AS model,
    now() - make_interval(secs => 86400.0 * %(days)s
      * (1 - (%(done)s + number) / %(records)s::float8)) AS created_at,
    instance.id * 31 + floor(draw.person * (%(people)s / instance.id ^ 0.8))::int %% %(people)s
      AS person
  FROM (
    SELECT number, least(floor(%(instances)s ^ random()), %(instances)s)::int AS rank,
      random() AS kind, random() AS outcome, random() AS model, random() AS person
    FROM generate_series(1, %(batch)s) AS number
  ) draw
  JOIN instances_instance instance ON instance.id = draw.rank
) record
"""


def create() -> None:
    """Create the database, its organisations, instances and two people."""
    connections["owner"].creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    organisations = Organisation.objects.bulk_create(
        Organisation(slug=f"university-{n}", name=f"University {n}") for n in range(ORGANISATIONS)
    )
    Instance.objects.bulk_create(
        Instance(slug=f"i-{n}", name=f"Instance {n}", organisation=organisations[n % ORGANISATIONS])
        for n in range(INSTANCES)
    )
    operator = User.objects.create_user(username="operator", is_staff=True)
    with tenant(1):
        Membership.objects.create(instance_id=1, user=operator, role=Role.ADMIN)


def fill(records: int, days: int) -> None:
    """Add records of the last days in the order of their time, without their sums."""
    values = {"days": days, "people": PEOPLE, "instances": INSTANCES, "records": records}
    with row_security_off(), connections["owner"].cursor() as cursor:
        cursor.execute("ALTER TABLE usage_usagerecord DISABLE TRIGGER note_pending_usage")
        with without_constraints(cursor):
            for done in range(0, records, BATCH):
                batch = min(BATCH, records - done)
                cursor.execute(INSERT, values | {"done": done, "batch": batch})
            # Of the operator, one in a thousand of the largest instance.
            cursor.execute(
                "UPDATE usage_usagerecord SET user_id = 1"
                " WHERE instance_id = 1 AND random() < 0.001"
            )
        cursor.execute("ALTER TABLE usage_usagerecord ENABLE TRIGGER note_pending_usage")
        cursor.execute("ANALYZE")


@contextmanager
def without_constraints(cursor: Any) -> Iterator[None]:
    """Drop constraints and indexes of the records, and create them again for all rows at once."""
    cursor.execute(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = 'usage_usagerecord'::regclass AND contype IN ('p', 'u', 'f')"
    )
    constraints = cursor.fetchall()
    for name, _definition in constraints:
        cursor.execute(f'ALTER TABLE usage_usagerecord DROP CONSTRAINT "{name}"')
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'usage_usagerecord'"
    )
    indexes = cursor.fetchall()
    for name, _definition in indexes:
        cursor.execute(f'DROP INDEX "{name}"')
    yield
    for _name, definition in indexes:
        cursor.execute(definition)
    for name, definition in constraints:
        cursor.execute(f'ALTER TABLE usage_usagerecord ADD CONSTRAINT "{name}" {definition}')


def sum_up() -> None:
    """Compute all sums, of all instances, organisations and of the site, for all months."""
    began = time.perf_counter()
    for number, instance in enumerate(Instance.objects.order_by("pk"), 1):
        rebuild_instance(instance)
        if not number & (number - 1) or number == INSTANCES:
            report(f"instances: {number} of {INSTANCES}", began)
    report(f"months of organisations and the site: {roll_up_pending_months()}", began)


def add_records() -> dict[str, float]:
    """Add a record to each instance, and return the seconds of the tasks that sum them up."""
    for instance in Instance.objects.order_by("pk"):
        with tenant(instance):
            UsageRecord.objects.create(
                instance=instance,
                request_id=uuid4(),
                outcome=UsageRecord.Outcome.COMPLETE,
                organisation_id=instance.organisation_id,
                pseudonym=uuid4(),
                method=UsageRecord.Method.LOCAL,
                method_version="1",
            )
    seconds = {}
    for name, task in [("roll_up_days", roll_up_days), ("roll_up_months", roll_up_months)]:
        began = time.perf_counter()
        task()
        seconds[name] = round(time.perf_counter() - began, 2)
    return seconds


def report(what: str, began: float) -> None:
    """Say on standard error what is done, and after how many seconds."""
    print(f"{time.perf_counter() - began:7.0f} s  {what}", file=sys.stderr)
