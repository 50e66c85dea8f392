"""Database time of pages and checks, for 100,000 people (``bench.scale.federation``).

    python -m bench.scale [--keep] [--only WORD] [--plans]

It needs DATABASE_URL and DATABASE_OWNER_URL of a server where the owner may create databases, as
the tests do; it makes one of its own, fills it, and drops it unless ``--keep``. For each case:
queries; milliseconds that the statements took, summed, and that the server process computed (p50,
p95 of 30 runs). On a shared machine, compare the latter. ``--plans`` shows
the slowest statement of each case above ``LIMIT_MS``.
"""

import argparse
import json
import logging
import math
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection, connections, transaction  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import setup_test_environment  # noqa: E402
from django.urls import reverse  # noqa: E402

from accounts.logins.policy import rule_for, rules_of  # noqa: E402
from accounts.models import IdentityProvider  # noqa: E402
from accounts.users.erasure import rows_of  # noqa: E402
from bench.scale.federation import FEDERATION, fill  # noqa: E402
from bench.scale.tables import Size  # noqa: E402
from instances.access.api_keys import authenticate, create_api_key  # noqa: E402
from instances.access.gates import get_membership  # noqa: E402
from instances.models import AccessRule, Instance  # noqa: E402
from instances.rules.identities import record_identity  # noqa: E402
from instances.rules.matching import (  # noqa: E402
    open_instances,
    reevaluate_instance,
    reevaluate_person,
    reevaluate_rule,
)
from instances.tenancy import tenant  # noqa: E402
from people.models import User  # noqa: E402
from ragapp.celery import app  # noqa: E402
from ragapp.health.metrics import documents_by_status  # noqa: E402
from tests.site_map import ALL_PAGES  # noqa: E402

NAME = "ragapp_scale"
RUNS = 30
WARM_UP = 3
# Of the transaction around each run: timed, and not counted as queries.
SAVEPOINTS = ("SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT")
LIMIT_MS = 50.0
SIZE = Size()
Case = Callable[[], object]


@dataclass
class Stopwatch:
    """Times every statement, the rollback of a run left out."""

    statements: list[tuple[float, str, Any]] = field(default_factory=list)

    def __call__(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        started = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.statements.append(((time.perf_counter() - started) * 1000, str(sql), params))


def measure(case: Case) -> tuple[dict[str, float | int], tuple[float, str, Any]]:
    """Run a case; every run is rolled back."""
    waited, computed, counts, slowest = [], [], [], (0.0, "", None)
    for run in range(WARM_UP + RUNS):
        watch, before = Stopwatch(), server_cpu_ms()
        with transaction.atomic():
            with connection.execute_wrapper(watch):
                case()
            transaction.set_rollback(True)
        if run >= WARM_UP:
            computed.append(server_cpu_ms() - before)
            waited.append(sum(ms for ms, _sql, _params in watch.statements))
            counts.append(sum(not sql.startswith(SAVEPOINTS) for _ms, sql, _ in watch.statements))
            slowest = max([slowest, *watch.statements], key=lambda one: one[0])
    return {
        "queries": max(counts),
        "p50_ms": round(statistics.median(waited), 1),
        "p95_ms": at_percentile(waited, 0.95),
        "cpu_p50_ms": round(statistics.median(computed), 1),
        "cpu_p95_ms": at_percentile(computed, 0.95),
    }, slowest


def at_percentile(values: list[float], share: float) -> float:
    """The given percentile of the values."""
    return round(sorted(values)[math.ceil(share * len(values)) - 1], 1)


def server_cpu_ms() -> float:
    """Processor time that this connection's server process has used; it runs on this machine."""
    connection.ensure_connection()
    statistics_of = Path(f"/proc/{connection.connection.info.backend_pid}/schedstat")
    return int(statistics_of.read_text().split()[0]) / 1e6


def cases() -> dict[str, Case]:
    """The measured cases, by name."""
    big, small = "instance-1", f"instance-{SIZE.group_instances}"
    busy, founder, member = (client(pk) for pk in (SIZE.busy_user, 1, 50))
    operator = client(2, is_staff=True)
    members = f"/i/{big}/settings/members/"
    found = {
        "home, 400 instances": page(busy, "/"),
        "home, a few instances": page(member, "/"),
        "discovery": page(Client(), reverse("saml:discovery")),
        "discovery, a search": page(Client(), reverse("saml:discovery") + "?q=univ-77"),
        "permission check": lambda: get_membership(User(pk=50), big),
        "a page of an instance": page(member, f"/i/{big}/"),
        "members, first page of 50,000": page(founder, members),
        "members, last page": page(founder, f"{members}?page=999"),
        "members, a search": page(founder, f"{members}?q=prenom77+nom7"),
        "members of 830": page(busy, f"/i/{small}/settings/members/"),
    }
    return found | rights() | upkeep() | consoles(founder, operator, big)


def rights() -> dict[str, Case]:
    """Logins, keys and rules."""
    with transaction.atomic():
        big = Instance.objects.select_related("organisation").get(pk=1)
        _key, plaintext = create_api_key(
            instance=big, name="bench", scope="chat", created_by=User(pk=1)
        )
    newcomer = User.objects.get(pk=SIZE.users - 5)
    with tenant(big):
        rules = AccessRule.objects.select_related("instance__organisation")
        rule = rules.get(instance=big, audience=AccessRule.Audience.FEDERATION)

    def of_the_rule() -> None:
        with tenant(big):
            reevaluate_rule(rule)

    def of_the_instance() -> None:
        with tenant(big):
            reevaluate_instance(big)

    return {
        "login: rule, identity, rights": lambda: log_in(newcomer, 7),
        "login of who is in 400 instances": lambda: log_in(User.objects.get(pk=SIZE.busy_user), 7),
        "joining by a rule": lambda: get_membership(newcomer, "instance-31"),
        "instances open to a person": lambda: open_instances(newcomer),
        "API key": lambda: authenticate(plaintext),
        "rule of 50,000 members judged again": of_the_rule,
        "instance of 50,000 members judged again": of_the_instance,
    }


def log_in(user: User, provider_id: int) -> None:
    """The queries of a login through an identity provider, without its session."""
    provider = IdentityProvider.objects.get(pk=provider_id)
    rule = rule_for(provider, rules_of())
    record_identity(
        user=user,
        source="saml:bench",
        organisation_ids=[rule.organisation_id],
        federation=FEDERATION,
        scopes=["univ-7.fr"],
        affiliations=["staff"],
    )
    reevaluate_person(user)


def upkeep() -> dict[str, Case]:
    """Periodic tasks, metrics, and the rows of a person."""
    app.loader.import_default_modules()
    found: dict[str, Case] = {
        f"task {entry['task']}": app.tasks[entry["task"]]
        for entry in settings.CELERY_BEAT_SCHEDULE.values()
        if not entry["task"].startswith("accounts.tasks.refresh")
    }
    found["metrics"] = uncached_metrics
    found["rows that name a person"] = lambda: rows_of(User(pk=2999))
    return found


def uncached_metrics() -> None:
    """Documents by status, counted anew."""
    from django.core.cache import cache

    cache.clear()
    documents_by_status()


def consoles(founder: Client, operator: Client, slug: str) -> dict[str, Case]:
    """Every page of an organisation, of the operators, and of an instance's settings."""
    values = {"organisation": "university-1", "slug": slug}
    return {
        f"page {one.name}": page(founder if "slug" in one.converters else operator, path)
        for one in ALL_PAGES
        if set(one.converters) <= values.keys()
        and one.route.startswith(("o/", "organisations", "i/", "instances", "audit", "requests"))
        and not one.name.endswith((":events", ":export"))
        and (path := one.path(values))
    }


def page(browser: Client, path: str) -> Case:
    """A page that exists, or one that requires POST."""

    def get() -> None:
        response = browser.get(path)
        assert response.status_code in {200, 302, 403, 405}, (path, response.status_code)

    return get


def client(pk: int, **changed: bool) -> Client:
    """A client with a logged-in user."""
    User.objects.filter(pk=pk).update(**({"is_active": True} | changed))
    browser = Client()
    browser.force_login(User.objects.get(pk=pk))
    return browser


def prepare(*, keep: bool) -> None:
    """Create the database, or reuse the one that an earlier run kept."""
    setup_test_environment()
    logging.disable(logging.CRITICAL)
    settings.STORAGES["staticfiles"] = {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
    }
    owner, default = connections["owner"], connections["default"]
    owner.settings_dict["TEST"]["NAME"] = NAME
    owner.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False, keepdb=keep)
    default.settings_dict["NAME"] = NAME
    if not User.objects.exists():
        fill(SIZE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keep", action="store_true", help="leave the database for another run")
    parser.add_argument("--only", default="", help="cases whose name has this word")
    parser.add_argument("--plans", action="store_true", help="show the slowest statements")
    chosen = parser.parse_args()
    real_name = connections["owner"].settings_dict["NAME"]
    prepare(keep=chosen.keep)
    try:
        figures = {}
        for name, case in cases().items():
            if chosen.only in name:
                figures[name], (ms, sql, params) = measure(case)
                sys.stderr.write(f"{name}: {figures[name]}\n")
                if chosen.plans and figures[name]["p95_ms"] > LIMIT_MS:
                    sys.stderr.write(f"  {ms:.1f} ms: {sql[:3000]}\n  {str(params)[:500]}\n")
        print(json.dumps(figures, indent=2, ensure_ascii=False))
    finally:
        connections.close_all()
        if not chosen.keep:
            connections["default"].close_pool()
            connections["owner"].creation.destroy_test_db(real_name, verbosity=0)


if __name__ == "__main__":
    main()
