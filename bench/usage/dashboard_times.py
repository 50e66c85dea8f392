"""The measurements of ``bench.usage.dashboards``, once Django is set up."""

import json
import logging
import os
import statistics
import time
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.test import Client
from django.test.utils import setup_test_environment

from bench.usage.dashboard_records import add_records, create, fill, sum_up
from people.models import User

NAME = "ragapp_dashboards"
FILLED = "records and sums"


def measure_dashboards(records: int, days: int, runs: int) -> None:
    """Print the measurements, with a database of their own."""
    configure()
    figures: dict[str, object] = {"records": records, "days": days}
    try:
        if not is_filled():
            began = time.perf_counter()
            create()
            fill(records, days)
            figures["records_s"] = round(time.perf_counter() - began)
            began = time.perf_counter()
            sum_up()
            figures["sums_s"] = round(time.perf_counter() - began)
            vacuum()
            mark_as_filled()
        # The first time, what the months of a new record need is not in memory.
        figures["after_a_record_in_each_instance_s"] = [add_records(), add_records()]
        vacuum()
        figures["load"] = round(os.getloadavg()[0], 1)
        figures |= {name: measure(*page, runs) for name, page in pages().items()}
        figures["load_after"] = round(os.getloadavg()[0], 1)
        print(json.dumps(figures, indent=2))
    finally:
        connections.close_all()
        connections["default"].close_pool()


def vacuum() -> None:
    """As the server does by itself after some minutes."""
    with connections["owner"].cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


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
    """Whether an earlier run has left records and all sums; the schema is brought up to date."""
    owner = connections["owner"]
    with owner._nodb_cursor() as cursor:  # type: ignore[attr-defined]
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s",
            [NAME],
        )
        if cursor.fetchone() != (FILLED,):
            return False
    owner.close()
    owner.settings_dict["NAME"] = NAME
    call_command("migrate", database="owner", verbosity=0)
    return True


def mark_as_filled() -> None:
    """Let later runs use the database; one that was interrupted before is made again."""
    with connections["owner"].cursor() as cursor:
        cursor.execute(f"COMMENT ON DATABASE {NAME} IS '{FILLED}'")


def pages() -> dict[str, tuple[Client, str]]:
    """The pages, of the largest instance and organisation, for a month and a year."""
    client = Client()
    client.force_login(User.objects.get(username="operator"))
    paths = {
        "own": "/i/i-0/usage/own/",
        "instance": "/i/i-0/usage/",
        "organisation": "/o/university-0/usage/",
        "site": "/organisations/usage/",
        "observatory of the organisation": "/o/university-0/usage/observatory/",
        "observatory of the site": "/organisations/usage/observatory/",
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
