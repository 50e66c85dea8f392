"""``./manage doctor``: each part in a line, with what to do; exit code 1 when one failed."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from io import StringIO
from uuid import uuid4

import pytest
from celery.contrib.testing.worker import start_worker
from django.core.management import call_command
from django.db import connections
from django.utils import timezone

from accounts.logins.models.identity_providers import MetadataFeed
from instances.tenancy import tenant
from ragapp.celery import SENT_AT, app
from ragapp.doctor import configuration, database, files, logins, model_servers, processes
from ragapp.doctor.findings import Finding, Level
from ragapp.tasks import record_beat
from tests.factories import InstanceFactory
from tests.fixtures.database import DatabaseSwitch, connect
from tests.fixtures.models import ModelServer
from usage.models import UsageRecord

pytestmark = pytest.mark.django_db


def doctor(*arguments: str) -> tuple[int, str]:
    """Run the command; return its exit code and its output."""
    output = StringIO()
    try:
        call_command("doctor", *arguments, stdout=output)
    except SystemExit as ended:
        return int(ended.code or 0), output.getvalue()
    return 0, output.getvalue()


def worst(check: Callable[[], Iterator[Finding]]) -> tuple[Level, str]:
    """The most severe level of a check, and all its text."""
    found = list(check())
    order = list(Level)
    text = " ".join(f"{each.part}: {each.text}. {each.advice}" for each in found)
    return max((each.level for each in found), key=order.index), text


@pytest.fixture
def own_queue(settings) -> str:
    """A queue of this test alone, which workers should serve."""
    name = f"queue-{uuid4().hex[:8]}"
    settings.CELERY_TASK_ROUTES = settings.CELERY_TASK_ROUTES | {"any": {"queue": name}}
    return name


def test_every_part_has_a_line_and_missing_workers_fail(settings):
    settings.EMBEDDING_BASE_URL = "http://127.0.0.1:9/v1"
    code, text = doctor()
    parts = {line[9:].partition(":")[0] for line in text.splitlines()}
    assert code == 1
    assert parts >= {
        *("PostgreSQL", "row security", "migrations", "clock", "cache", "beat", "mail"),
        *("workers of parse", "workers of embed", "files", "disk of the files", "secrets"),
        *("HTTPS", "audit log", "language models"),
    }
    assert "failed   workers of slurm: 0 answer" in text
    assert "-Q slurm" in text


def test_json_has_the_same_findings(settings):
    settings.EMBEDDING_BASE_URL = "http://127.0.0.1:9/v1"
    code, text = doctor("--json")
    found = {each["part"]: each for each in json.loads(text)}
    assert code == 1
    assert found["row security"]["level"] == "ok"
    assert found["workers of parse"]["advice"].startswith("Start a worker")
    assert found["embedding model intfloat/multilingual-e5-small"]["level"] == "failed"


@pytest.mark.django_db(transaction=True)
def test_without_database_the_other_parts_are_examined(database: DatabaseSwitch, settings):
    settings.EMBEDDING_BASE_URL = "http://127.0.0.1:9/v1"
    database.cut()
    code, text = doctor()
    assert code == 1
    assert "failed   PostgreSQL: cannot be reached" in text
    assert "row security" not in text
    assert "ok       files" in text


def test_database_of_this_release_is_in_order():
    checks = (database.server, database.row_security, database.migrations, database.clock)
    assert [worst(check)[0] for check in checks] == [Level.OK] * 4


def test_table_without_row_security_is_named():
    table = "chat_conversation"
    with connect("owner") as owner:
        owner.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
    try:
        level, text = worst(database.row_security)
    finally:
        with connect("owner") as owner:
            owner.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
    assert level == Level.FAILED
    assert f"not in force for {table}." in text


@pytest.mark.django_db(databases=["default", "owner"])
def test_role_that_owns_the_tables_fails(monkeypatch):
    monkeypatch.setattr(database, "connection", connections["owner"])
    level, text = worst(database.row_security)
    assert level == Level.FAILED
    assert "the role ragapp_owner owns" in text


def test_worker_of_a_queue_and_age_of_the_oldest_task_are_told(own_queue):
    sent_at = time.time() - 1000
    app.send_task("ragapp.tasks.record_beat", queue=own_queue, headers={SENT_AT: sent_at})
    app.send_task("ragapp.tasks.record_beat", queue=own_queue)
    (found,) = (each for each in processes.workers() if own_queue in each.part)
    assert found.level == Level.FAILED
    assert found.text.startswith("0 answer, 2 tasks wait, the oldest for 100")

    app.amqp.queues.select([own_queue])
    with start_worker(app, perform_ping_check=False, shutdown_timeout=30):
        found = next(each for each in processes.workers() if own_queue in each.part)
    assert found.text.startswith("1 answer")
    assert found.level == Level.OK


def test_beat_is_heard_by_its_periodic_task():
    assert worst(processes.beat)[0] == Level.FAILED
    record_beat()
    assert worst(processes.beat)[0] == Level.OK


def test_beat_that_has_stopped_fails(monkeypatch):
    record_beat()
    late = time.time() + 3600
    monkeypatch.setattr(processes.time, "time", lambda: late)
    assert worst(processes.beat)[0] == Level.FAILED


def test_files_are_written_and_leave_nothing(settings):
    assert worst(files.storage)[0] == Level.OK
    assert [path for path in settings.MEDIA_ROOT.rglob("*") if path.is_file()] == []


def test_full_disk_fails(settings):
    settings.STORAGE_RESERVE_BYTES = 1 << 60
    level, text = worst(files.disks)
    assert level == Level.FAILED
    assert "uploads are refused" in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SECRET_KEY", "django-insecure-with-many-letters-0123456789-0123456789"),
        ("DATABASE_URL", "postgresql://ragapp_app:Password@db/ragapp"),
        ("METRICS_TOKEN", "short"),
    ],
)
def test_secret_that_can_be_guessed_is_named_and_not_shown(settings, name, value):
    assert worst(configuration.secrets)[0] == Level.OK
    setattr(settings, name, value)
    level, text = worst(configuration.secrets)
    assert level == Level.FAILED
    assert name in text
    assert value not in text


@pytest.mark.parametrize(
    ("changed", "level", "words"),
    [
        ({}, Level.OK, "fetched 1.0 h ago"),
        ({"refreshed_at": timedelta(days=-3)}, Level.WARNING, "too long ago"),
        ({"valid_until": timedelta(hours=-1)}, Level.FAILED, "its IdPs are blocked"),
    ],
    ids=["current", "old", "expired"],
)
def test_age_of_a_feed(changed, level, words):
    ages = {"refreshed_at": timedelta(hours=-1), "valid_until": timedelta(days=5)} | changed
    times = {name: timezone.now() + age for name, age in ages.items()}
    MetadataFeed.objects.create(name="Federation", url="https://feed.example/", **times)
    found, text = worst(logins.feeds)
    assert found == level
    assert words in text


def test_mail_server_that_does_not_answer_fails(settings):
    assert worst(configuration.mail)[0] == Level.WARNING
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    assert worst(configuration.mail)[0] == Level.FAILED


@pytest.mark.django_db(transaction=True)
def test_question_is_asked_and_its_cost_recorded(model_server: ModelServer, settings):
    settings.EMBEDDING_BASE_URL = model_server.base_url
    instance = InstanceFactory(slug="library")
    assert worst(model_servers.embedding)[0] == Level.OK
    _code, text = doctor("--ask", "library")
    assert "ok       question in library: refused for want of passages by extractive" in text
    with tenant(instance):
        kinds = set(UsageRecord.objects.for_instance(instance).values_list("kind", flat=True))
    assert "evaluation" in kinds
