"""Celery tasks: told by numbers alone, and harmless when the numbers do not belong together."""

import inspect

import pytest

from ingestion.errors import IngestionError
from ragapp.celery import app
from tests.factories import DocumentFactory
from tests.isolation.canaries import picture
from tests.isolation.tour import project_tasks

# What a message in the broker may hold: JSON, and nothing that could be out of date.
PLAIN = (int, str, bool, list[int])
by_name = pytest.mark.parametrize("name", sorted(task.name for task in project_tasks()))
# Why a task need not be told its instance.
OF_THE_SITE = {
    "accounts.tasks.end_unfounded_sessions": "logins and sessions belong to no instance",
    "accounts.tasks.forget_expired": "logins and sessions belong to no instance",
    "accounts.tasks.judge_again": "people belong to no instance",
    "accounts.tasks.refresh_feeds": "federations belong to no instance",
    "accounts.tasks.refresh_oidc_providers": "providers belong to no instance",
    "accounts.tasks.refresh_one_feed": "federations belong to no instance",
    "chat.tasks.reconcile": "asks across instances, then visits those concerned",
    "ingestion.tasks.delete_orphaned_files": "visits each instance, as its tenant",
    "ingestion.tasks.reconcile": "asks across instances, then visits those concerned",
    "instances.tasks.seal_audit_log": "one chain runs through the log of the whole site",
    "instances.tasks.archive_disused_instances": "looks at instances, not into them",
    "instances.tasks.delete_due_instances": "each instance deletes its own rows, as its tenant",
    "instances.tasks.end_memberships": "each instance ends its own, as its tenant",
    "instances.tasks.forget_old_identities": "people belong to no instance",
    "instances.tasks.send_notice": "a mail about an instance or a request, to one person",
}


def parameters(name: str) -> dict[str, inspect.Parameter]:
    return dict(inspect.signature(app.tasks[name].run).parameters)


OF_AN_INSTANCE = [
    task.name for task in project_tasks() if [*parameters(task.name)][:1] == ["instance_id"]
]


@by_name
def test_a_task_takes_plain_values(name):
    for parameter in parameters(name).values():
        assert parameter.annotation in PLAIN, f"{name} takes {parameter}"


@by_name
def test_a_task_names_its_instance_first_or_is_known_to_be_the_sites(name):
    assert (name in OF_AN_INSTANCE) != (name in OF_THE_SITE)


@pytest.mark.parametrize("name", OF_AN_INSTANCE)
@pytest.mark.parametrize("status", ["queued", "parsing", "embedding", "ready", "failed"])
def test_a_task_does_nothing_with_a_document_of_another_instance(cast, name, status, no_broker):
    document = DocumentFactory(instance=cast.instance, status=status, attempt=1)
    before = picture(cast.instance), picture(cast.other_instance)
    app.tasks[name](cast.other_instance.pk, str(document.pk), document.attempt)
    assert (picture(cast.instance), picture(cast.other_instance)) == before


@pytest.mark.parametrize("name", OF_AN_INSTANCE)
def test_a_task_ends_quietly_when_its_instance_is_gone(cast, name, no_broker):
    document = DocumentFactory(instance=cast.instance, status="queued")
    try:
        app.tasks[name](999_999_999, str(document.pk), 1)
    except IngestionError as error:
        pytest.fail(f"{name}: {error!r}")
