"""Functions over all instances return numbers, states and times only."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from chat.models import Message
from ingestion.models import Document
from instances.across_instances import call_function
from instances.tenancy import tenant
from ragapp.celery import app
from tests import factories

# Every function that runs with the owner's rights, and what it returns: never a text that people
# wrote. A new one is explained in docs/decisions/008-functions-across-instances.md.
QUESTIONS = {
    "unfinished_documents": "TABLE(instance_id bigint, document_id uuid, status character varying,"
    " queued_at timestamp with time zone, worker_seen_at timestamp with time zone)",
    "instances_embedded_otherwise": "TABLE(instance_id bigint)",
    "index_generations_at_work": "TABLE(instance_id bigint, number integer,"
    " status character varying, worker_seen_at timestamp with time zone,"
    " retry_at timestamp with time zone, turn_at timestamp with time zone,"
    " kept_until timestamp with time zone)",
    "document_to_parse": "TABLE(instance_id bigint, document_id uuid, attempt integer)",
    "document_to_embed": "TABLE(instance_id bigint, document_id uuid, attempt integer)",
    "outstanding_upload_bytes": "TABLE(bytes bigint)",
    "uploads_left_unfinished": "TABLE(instance_id bigint, upload_id uuid)",
    "expired_uploads": "TABLE(instance_id bigint, upload_id uuid)",
    "documents_not_ready": "TABLE(status character varying, documents bigint)",
    "evaluation_runs_unfinished": (
        "TABLE(instance_id bigint, run_id uuid, claimed_until timestamp with time zone,"
        " turn_at timestamp with time zone)"
    ),
    "instances_with_due_evaluation": "TABLE(instance_id bigint)",
    "instances_with_tried_change": "TABLE(instance_id bigint)",
    "instances_with_held_versions": "TABLE(instance_id bigint)",
    "source_runs_unfinished": (
        "TABLE(instance_id bigint, run_id uuid, claimed_until timestamp with time zone,"
        " turn_at timestamp with time zone)"
    ),
    "source_runs_since": "TABLE(status character varying, runs bigint)",
    "failing_sources": "TABLE(sources bigint)",
    "instances_with_due_sources": "TABLE(instance_id bigint)",
    "instances_with_source_secrets": "TABLE(instance_id bigint)",
    "instances_of_person": "TABLE(instance_id bigint)",
    "instances_open_to_organisation": "TABLE(instance_id bigint)",
    "instances_with_ended_memberships": "TABLE(instance_id bigint)",
    "instances_with_silent_answers": "TABLE(instance_id bigint)",
    "instances_with_expired_conversations": "TABLE(instance_id bigint)",
    "instances_with_pending_usage": "TABLE(instance_id bigint)",
    "instances_with_expired_charges": "TABLE(instance_id bigint)",
    # Sums of usage records: by day, model, subject…
    "usage_of_days": "TABLE(day date, dimension character varying, value character varying,"
    " method character varying, currency character varying, requests bigint,"
    " questions bigint, unanswered bigint, answer_ms bigint, prompt_tokens bigint,"
    " cached_tokens bigint, completion_tokens bigint, reasoning_tokens bigint,"
    " checked_sentences bigint, unsupported_sentences bigint, moved_citations bigint,"
    " audio_seconds double precision,"
    " cpu_seconds double precision, energy_wh double precision, energy_min_wh double precision,"
    " energy_max_wh double precision, avoided_wh double precision, gco2e_usage double precision,"
    " gco2e_embodied double precision, water_l double precision, adpe_kg_sb double precision,"
    " cost numeric)",
    # Numbers of persons, by the same values.
    "persons_of_month": "TABLE(dimension character varying, value character varying,"
    " persons bigint)",
    # What first answers saved: a sum over instances, by method.
    "savings_of_month": "TABLE(method character varying, requests bigint,"
    " avoided_wh double precision)",
}


def test_no_other_function_runs_as_the_owner(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT proname, pg_get_function_result(oid), proconfig FROM pg_proc"
            " WHERE prosecdef AND pronamespace = 'public'::regnamespace"
        )
        found = cursor.fetchall()
    assert {name: result for name, result, _settings in found} == QUESTIONS
    assert {tuple(pinned) for *_, pinned in found} == {("search_path=public, pg_temp",)}


@pytest.mark.parametrize("question", QUESTIONS)
def test_application_cannot_use_the_setting_of_owner_functions(cast, question):
    factories.DocumentFactory(instance=cast.instance, status="queued", embedding_model="old")
    factories.MessageFactory(instance=cast.instance, status="streaming")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT set_config('ragapp.function', %s, true)", [question])
        assert Document.objects.count() == 0
        assert Message.objects.count() == 0


def test_owner_function_resets_its_setting(cast):
    with transaction.atomic(), connection.cursor() as cursor:
        call_function("unfinished_documents")
        cursor.execute("SELECT current_setting('ragapp.function', true)")
        assert cursor.fetchone() == ("",)


def test_unfinished_documents_of_all_instances_are_returned(cast):
    mine = factories.DocumentFactory(instance=cast.instance, status="queued")
    seen_at = timezone.now()
    theirs = factories.DocumentFactory(
        instance=cast.other_instance, status="embedding", worker_seen_at=seen_at
    )
    factories.DocumentFactory(instance=cast.instance, status="ready")
    factories.DocumentFactory(instance=cast.instance, status="failed")
    assert sorted(call_function("unfinished_documents")) == [
        (cast.instance.pk, mine.pk, "queued", mine.queued_at, None),
        (cast.other_instance.pk, theirs.pk, "embedding", theirs.queued_at, seen_at),
    ]


def test_instances_embedded_with_another_model_are_returned(cast):
    today = settings.EMBEDDING_MODEL
    factories.DocumentFactory(instance=cast.instance, embedding_model=today)
    factories.DocumentFactory.create_batch(2, instance=cast.other_instance, embedding_model="old")
    factories.DocumentFactory(instance=cast.instance, embedding_model="old", status="failed")
    assert call_function("instances_embedded_otherwise", today) == [(cast.other_instance.pk,)]


def test_unready_documents_are_counted(cast):
    factories.DocumentFactory(instance=cast.instance, status="failed")
    factories.DocumentFactory(instance=cast.other_instance, status="failed")
    factories.DocumentFactory(instance=cast.instance, status="ready")
    assert call_function("documents_not_ready") == [("failed", 2)]


def test_instances_with_abandoned_answers_are_returned(cast):
    now = timezone.now()
    factories.MessageFactory(instance=cast.instance, status="streaming")
    silent = factories.MessageFactory(instance=cast.other_instance, status="streaming")
    with tenant(cast.other_instance):
        Message.objects.filter(pk=silent.pk).update(updated_at=now - timedelta(minutes=1))
    since = now - timedelta(seconds=15)
    assert call_function("instances_with_silent_answers", since) == [(cast.other_instance.pk,)]


@pytest.fixture
def periodic_task() -> Callable[[str], Callable[[], None]]:
    """``periodic_task(name)``: a task of beat's schedule."""
    app.loader.import_default_modules()
    return lambda name: app.tasks[settings.CELERY_BEAT_SCHEDULE[name]["task"]]


@pytest.mark.parametrize("name", settings.CELERY_BEAT_SCHEDULE)
def test_periodic_task_skips_instances_without_work(
    db, periodic_task, name, django_assert_num_queries
):
    task = periodic_task(name)
    factories.DocumentFactory(embedding_model=settings.EMBEDDING_MODEL)
    with CaptureQueriesContext(connection) as few:
        task()
    factories.DocumentFactory.create_batch(12, embedding_model=settings.EMBEDDING_MODEL)
    with django_assert_num_queries(len(few)):
        task()


def test_policies_read_settings_once_per_query(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename, policyname, concat(qual, ' ', with_check) FROM pg_policies"
            " WHERE schemaname = 'public'"
        )
        for table, policy, condition in cursor.fetchall():
            bare = condition.replace("SELECT current_setting", "").replace(
                "SELECT (NULLIF(current_setting", ""
            )
            bare = bare.replace("SELECT NULLIF(current_setting", "")
            assert "current_setting(" not in bare, f"{policy} of {table}: {condition}"
