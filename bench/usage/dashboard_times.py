"""The measurements of ``bench.usage.dashboards``, once Django is set up."""

import json
import logging
import os
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import Client
from django.test.utils import setup_test_environment
from django.utils import timezone

from bench.scale.tables import row_security_off
from instances.models import Instance, Membership, Organisation, Role
from instances.tenancy import tenant
from people.models import User
from usage.models import PendingMonth
from usage.rollups.calendar import months_between
from usage.rollups.monthly import roll_up_pending_months
from usage.rollups.refresh import rebuild_instance

NAME = "ragapp_dashboards"
ORGANISATIONS, INSTANCES, PEOPLE, DAYS = 20, 600, 20_000, 730
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


def measure_dashboards(records: int, runs: int, *, keep: bool) -> None:
    """Print the measurements, with a database of their own."""
    real_name = connections["owner"].settings_dict["NAME"]
    configure()
    figures: dict[str, object] = {"records": records}
    try:
        if not (keep and is_filled()):
            create()
            fill(records)
            began = time.perf_counter()
            sum_up()
            figures["sums_s"] = round(time.perf_counter() - began)
            with connections["owner"].cursor() as cursor:
                # As the server does by itself after some minutes.
                cursor.execute("VACUUM ANALYZE")
        figures["load"] = round(os.getloadavg()[0], 1)
        figures |= {name: measure(*page, runs) for name, page in pages().items()}
        figures["load_after"] = round(os.getloadavg()[0], 1)
        print(json.dumps(figures, indent=2))
    finally:
        connections.close_all()
        connections["default"].close_pool()
        if not keep:
            connections["owner"].creation.destroy_test_db(real_name, verbosity=0)


def configure() -> None:
    """Use a database of its own from here on."""
    setup_test_environment()
    logging.disable(logging.CRITICAL)
    settings.STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
    }
    connections["owner"].settings_dict["TEST"]["NAME"] = NAME
    connections["default"].settings_dict["NAME"] = NAME


def is_filled() -> bool:
    """Whether a run with ``--keep`` has left its database; its schema is brought up to date."""
    owner = connections["owner"]
    with owner._nodb_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute("SELECT FROM pg_database WHERE datname = %s", [NAME])
        if cursor.fetchone() is None:
            return False
    owner.close()
    owner.settings_dict["NAME"] = NAME
    call_command("migrate", database="owner", verbosity=0)
    return True


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


def fill(records: int) -> None:
    """Add the records in the order of their time; the sums are computed afterwards."""
    values = {"days": DAYS, "people": PEOPLE, "instances": INSTANCES, "records": records}
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
    """Compute what the pages show: sums of an organisation's instances, and cells of this year."""
    for instance in Instance.objects.filter(organisation=1).order_by("pk"):
        rebuild_instance(instance)
    this_year = timezone.localdate().replace(month=1, day=1)
    PendingMonth.objects.all().delete()
    months = list(months_between(this_year, timezone.localdate()))
    PendingMonth.objects.bulk_create(
        PendingMonth(organisation_id=organisation_id, month=month)
        for organisation_id in (1, None)
        for month in months
    )
    roll_up_pending_months()


def pages() -> dict[str, tuple[Client, str]]:
    """The pages, of the largest instance and organisation, for a month and a year."""
    client = Client()
    client.force_login(User.objects.get(username="operator"))
    paths = {
        "own": "/i/i-0/usage/own/",
        "instance": "/i/i-0/usage/",
        "organisation": "/o/university-0/usage/",
        "site": "/organisations/usage/",
        "statement": "/o/university-0/statements/",
    }
    return {
        f"{name}, {length}": (client, f"{path}?length={length}")
        for name, path in paths.items()
        for length in ("month", "year")
        if (name, length) != ("statement", "year")
    }


def measure(client: Client, path: str, runs: int) -> dict[str, float]:
    """Time whole requests, and their processor time here and in PostgreSQL; the first ones warm up.

    The latter does not depend on other programs on the machine.
    """
    times, cpu_times = [], []
    for run in range(3 + runs):
        before_s, began = cpu_s(), time.perf_counter()
        response = client.get(path)
        took_s, cpu_took_s = time.perf_counter() - began, cpu_s() - before_s
        assert response.status_code == 200, (path, response.status_code)
        if run >= 3:
            times.append(1000 * took_s)
            cpu_times.append(1000 * cpu_took_s)
    return {
        "p50_ms": round(statistics.median(times), 1),
        "p95_ms": round(statistics.quantiles(times, n=20)[-1], 1),
        "cpu_p50_ms": round(statistics.median(cpu_times), 1),
        "cpu_p95_ms": round(statistics.quantiles(cpu_times, n=20)[-1], 1),
    }


def cpu_s() -> float:
    """Seconds of processor time of this process, and of all sessions of the database."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("SELECT pid FROM pg_stat_activity WHERE datname = %s", [NAME])
        pids = [pid for (pid,) in cursor.fetchall()]
    spent_ns = 0
    for pid in pids:
        # A session may have ended meanwhile.
        with suppress(FileNotFoundError):
            spent_ns += int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])
    return time.process_time() + spent_ns / 1e9
