"""Celery tasks take ids only, and do nothing when the ids do not belong together."""

import inspect

import pytest

from ingestion import pipeline
from ingestion.attempts.locking import Attempt
from ingestion.turns import PARSE, claim_next
from ragapp.celery import app
from tests.factories import DocumentFactory
from tests.isolation.canaries import picture
from tests.isolation.tour import project_tasks

# What a message in the broker may contain: JSON, and nothing that could become stale.
PLAIN = (int, str, bool, list[int])
by_name = pytest.mark.parametrize("name", sorted(task.name for task in project_tasks()))
# Why a task has no instance argument.
OF_THE_SITE = {
    "ragapp.tasks.record_beat": "says that beat runs",
    "accounts.tasks.end_sessions_of_disabled": "logins and sessions belong to no instance",
    "accounts.tasks.forget_expired": "logins and sessions belong to no instance",
    "accounts.tasks.reevaluate_memberships": "people belong to no instance",
    "accounts.tasks.refresh_feeds": "federations belong to no instance",
    "accounts.tasks.refresh_oidc_providers": "providers belong to no instance",
    "accounts.tasks.refresh_one_feed": "federations belong to no instance",
    "chat.tasks.delete_expired_conversations": "visits instances with a limit, as their tenant",
    "chat.tasks.reconcile": "queries across instances, then visits those concerned",
    "evaluation.tasks.reconcile": "queries across instances, then calls a worker",
    "evaluation.tasks.work": "queries the next run across instances, then works as its tenant",
    "sources.tasks.reconcile": "queries across instances, then calls a worker",
    "sources.tasks.work": "queries the next run across instances, then works as its tenant",
    "inference.failing.tasks.send_retired_id_notice": "backends belong to no instance",
    "inference.failing.tasks.tell_of_retired_ids": "backends belong to no instance",
    "inference.slurm.tasks.reconcile_jobs": "servers of models belong to no instance",
    "ingestion.tasks.delete_orphaned_files": "visits each instance, as its tenant",
    "ingestion.tasks.reindex": "queries the next index across instances, then works as its tenant",
    "ingestion.tasks.embed": "queries the next document across instances, then works as its tenant",
    "ingestion.tasks.parse": "queries the next document across instances, then works as its tenant",
    "ingestion.tasks.reconcile": "queries across instances, then visits those concerned",
    "ingestion.resumable.tasks.finish_left_uploads": "queries across instances, then visits those "
    "concerned",
    "ingestion.resumable.tasks.delete_expired_uploads": "queries across instances, then visits "
    "each, as its tenant",
    "instances.tasks.seal_audit_log": "one chain covers the log of the whole site",
    "administration.tasks.archive_disused_instances": "reads instances, not their content",
    "administration.tasks.delete_due_instances": "each deletes its own rows, as its tenant",
    "usage.tasks.expire_quota_charges": "queries across instances, then visits those concerned",
    "usage.tasks.poll_counters": "servers of models belong to no instance",
    "instances.tasks.end_memberships": "each instance ends its own, as its tenant",
    "instances.tasks.forget_old_identities": "people belong to no instance",
    "usage.tasks.prepare_subjects": "one classifier for the embedding model of the site",
    "usage.tasks.roll_up_days": "queries across instances, then visits those concerned",
    "usage.tasks.roll_up_months": "computes sums over all instances of an organisation",
    "instances.tasks.send_notice": "a mail about an instance or a request, to one person",
}


def parameters(name: str) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(app.tasks[name].run).parameters)


@by_name
def test_task_arguments_are_plain_values(name):
    for parameter in parameters(name).values():
        assert parameter.annotation in PLAIN, f"{name} takes {parameter}"


@by_name
def test_first_task_argument_is_the_instance_unless_listed_as_site_task(name):
    names_its_instance = [*parameters(name)][:1] == ["instance_id"]
    assert names_its_instance != (name in OF_THE_SITE)


@pytest.mark.parametrize("status", ["queued", "parsing", "embedding", "ready", "failed"])
def test_stage_ignores_document_of_another_instance(cast, status):
    document = DocumentFactory(instance=cast.instance, status=status, attempt=1)
    before = picture(cast.instance), picture(cast.other_instance)
    other = cast.other_instance.pk
    assert pipeline.run_stage(Attempt(other, document.pk, document.attempt)) is None
    assert (picture(cast.instance), picture(cast.other_instance)) == before


@pytest.mark.parametrize("status", pipeline.STAGES)
def test_stage_ends_without_error_when_its_instance_is_deleted(cast, status):
    document = DocumentFactory(instance=cast.instance, status=status)
    assert pipeline.run_stage(Attempt(999_999_999, document.pk, 1)) is None


def test_claim_does_not_change_another_instance(cast):
    (mine, theirs) = (
        DocumentFactory(instance=instance, status="queued")
        for instance in (cast.instance, cast.other_instance)
    )
    before = picture(cast.other_instance)
    attempt = claim_next(PARSE)
    assert (attempt.instance_id, attempt.document_id) == (cast.instance.pk, mine.pk)
    assert picture(cast.other_instance) == before
    attempt = claim_next(PARSE)
    assert (attempt.instance_id, attempt.document_id) == (cast.other_instance.pk, theirs.pk)
