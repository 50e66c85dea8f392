"""Tries a new version of a document on the golden questions before it answers.

In an instance that wants it, a version that would take the place of another is held once it is
prepared (``ingestion.indexing.writing``). The golden questions are asked with the version that
answers and with the held one, by extracts. If as many pass, it answers by itself; else it waits
until an administrator decides. All functions run inside ``tenant(instance)``.
"""

from uuid import UUID, uuid5

from django.db import transaction

from evaluation.held_changes.before_and_after import BeforeAndAfter
from evaluation.models import EvaluationRun, GoldenQuestion
from evaluation.runs.starting import cancel_run, start_run
from evaluation.tried_settings import TriedSettings
from ingestion import versions
from ingestion.models import Document
from instances import audit
from instances.models import Instance

_GROUPS = UUID("0b7a51f2-3d0c-4d0e-9a3e-5f4a3b0c9d21")


class VersionNotHeld(Exception):
    """The version answers or was deleted meanwhile."""


def held_versions(instance: Instance) -> list[Document]:
    """Return the versions that are tried or held back, the oldest first."""
    held = Document.objects.for_instance(instance).filter(status=Document.Status.HELD)
    return list(held.select_related("instance", "uploaded_by").order_by("finished_at", "pk"))


def trial_of(version: Document) -> BeforeAndAfter | None:
    """Return the runs of a version, as it was prepared last; None if there are none."""
    runs = EvaluationRun.objects.for_instance(version.instance_id).filter(group=_group(version))
    found = {run.version_id: run for run in runs}
    return BeforeAndAfter(found.get(None), found.get(version.pk)) if found else None


def decide_versions(instance: Instance) -> None:
    """Begin to try the held versions, and let those answer that do not lower the score."""
    held = held_versions(instance)
    if not held:
        return
    is_tried = instance.tries_versions and GoldenQuestion.objects.for_instance(instance).exists()
    for version in held:
        is_current = version.index_generation == instance.index_generation
        trial = trial_of(version) if is_tried and is_current else None
        if is_tried and is_current and trial is None:
            _try(instance, version)
        elif trial is None or trial.is_not_lower:
            # One that was prepared for an earlier index is prepared, and tried, again.
            versions.publish_held(version)


def accept(version: Document) -> None:
    """Let a held version answer; audited. Raises VersionNotHeld."""
    with transaction.atomic():
        _decided(version, audit.Action.VERSION_ACCEPTED)
        versions.publish_held(version)


def discard(version: Document) -> None:
    """Delete a held version, so that the one before goes on answering; audited.

    Raises VersionNotHeld.
    """
    with transaction.atomic():
        _decided(version, audit.Action.VERSION_DISCARDED)
        versions.delete(version)


def _try(instance: Instance, version: Document) -> None:
    for version_id in (None, version.pk):
        start_run(
            instance=instance,
            reason=EvaluationRun.Reason.VERSION,
            settings=TriedSettings.of(instance),
            is_by_model=False,
            user=version.uploaded_by,
            group=_group(version),
            version_id=version_id,
        )


def _decided(version: Document, action: audit.Action) -> None:
    """Lock a held version, cancel its runs, and record what an administrator decided."""
    versions.lock_versions(version)
    held = Document.objects.for_instance(version.instance_id).filter(status=Document.Status.HELD)
    if not held.select_for_update().filter(pk=version.pk).exists():
        raise VersionNotHeld(str(version.pk))
    trial = trial_of(version)
    for run in trial.runs if trial else ():
        cancel_run(run)
    audit.record(action, instance=version.instance, target=version, version=version.version)


def _group(version: Document) -> UUID:
    return uuid5(_GROUPS, f"{version.pk}/{version.attempt}")
