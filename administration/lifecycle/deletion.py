"""An instance taken apart with all that it holds, and the proof of it.

Each step is certain before the next begins, and can be done twice; whoever kills the process in
the middle finds the instance still there, closed, and the next run of the task ends the work:

1. what it holds is counted, and kept with the instance;
2. its rows go, table by table;
3. its files go;
4. with the instance locked, so that nothing can join it, the instance itself goes, everything is
   counted again and the record that proves it is written, in one transaction. Should something
   have come in between (an upload that had begun), nothing of that happens, and 2 follows.
"""

import logging
from contextlib import suppress
from datetime import datetime

from django.core.files.storage import Storage, default_storage
from django.db import connection, transaction
from django.utils import timezone
from psycopg import sql

from administration.lifecycle.contents import count_everything, tenant_models
from instances import audit, notifications
from instances.errors import InstanceNotEmpty, WrongStatus
from instances.models import DeletionRecord, Instance
from instances.quotas import lock_totals
from instances.tenancy import tenant

logger = logging.getLogger(__name__)

# Uploads that had begun when the instance was closed are over long before this many rounds.
_ROUNDS = 10


def due_for_deletion(now: datetime) -> list[Instance]:
    """The instances whose days of grace are over, the longest waiting first."""
    due = Instance.objects.filter(status=Instance.Status.DELETING, deletion_due_at__lte=now)
    return list(due.order_by("deletion_due_at"))


def delete_instance(instance: Instance) -> DeletionRecord | None:
    """Delete an instance whose deletion was asked for, with all it holds; return the proof.

    None when another process has ended the work meanwhile. Raises WrongStatus when it is not going
    to be deleted, InstanceNotEmpty when something keeps coming into it.
    """
    instance_id = instance.pk
    if not _begin(instance_id):
        return None
    for _round in range(_ROUNDS):
        _delete_rows(instance_id)
        _delete_files(default_storage, str(instance_id))
        with suppress(InstanceNotEmpty):
            return _finish(instance_id)
    raise InstanceNotEmpty(instance.slug)


def _begin(instance_id: int) -> bool:
    """Keep what the instance holds, once; False when it is gone already."""
    with transaction.atomic():
        locked = _lock(instance_id)
        if locked is None:
            return False
        if locked.status != Instance.Status.DELETING:
            raise WrongStatus(f"{locked.slug} is {locked.status}")
        if locked.deletion_counts is None:
            locked.deletion_counts = count_everything(instance_id)
            locked.save(update_fields=["deletion_counts"])
    return True


def _delete_rows(instance_id: int) -> None:
    """Delete the rows of every tenant table, in any order: foreign keys are checked at commit.

    In SQL: loading a hundred thousand passages to delete them one by one would take minutes.
    """
    with tenant(instance_id), connection.cursor() as cursor:
        for model in tenant_models():
            table = sql.Identifier(model._meta.db_table)
            cursor.execute(
                sql.SQL("DELETE FROM {} WHERE instance_id = %s").format(table), [instance_id]
            )


def _delete_files(storage: Storage, directory: str) -> None:
    """Delete a directory of the storage; an instance's files lie under its number."""
    try:
        directories, files = storage.listdir(directory)
    except FileNotFoundError:
        return
    for name in directories:
        _delete_files(storage, f"{directory}/{name}")
    for name in files:
        storage.delete(f"{directory}/{name}")
    storage.delete(directory)


def _finish(instance_id: int) -> DeletionRecord | None:
    """Delete the emptied instance and write the proof; None when it is gone already."""
    # Inside the tenant, so that row security hides nothing from Django's own cascade.
    with tenant(instance_id):
        if not Instance.objects.filter(pk=instance_id).exists():
            return None
        # Uploads lock the totals first, and are judged with the instance when they are certain.
        lock_totals(instance_id)
        instance = _lock(instance_id)
        if instance is None:
            raise InstanceNotEmpty(f"{instance_id}: totals of an instance that has just gone")
        requester = instance.deletion_requested_by
        audit.record(audit.Action.INSTANCE_DELETED, instance=instance)
        record = DeletionRecord(
            instance_number=instance_id,
            slug=instance.slug,
            name=instance.name,
            organisation=instance.organisation,
            owner_id=instance.owner_id,
            requested_by_id=requester.pk if requester else None,
            requested_by_name=requester.display_name if requester else "",
            requested_at=instance.status_changed_at,
            before=instance.deletion_counts,
        )
        instance.delete()
        record.after = count_everything(instance_id)
        if any(record.after.values()):
            raise InstanceNotEmpty(record.slug)
        record.deleted_at = timezone.now()
        record.save()
        notifications.deleted(record)
    logger.info("instance %s is deleted: record %s", record.slug, record.pk)
    return record


def _lock(instance_id: int) -> Instance | None:
    return (
        Instance.objects.select_for_update(of=("self",))
        .select_related("organisation", "deletion_requested_by")
        .filter(pk=instance_id)
        .first()
    )
