"""Delete an instance with its contents, and record the proof.

Each step is committed before the next begins and can be repeated. If the process is killed, the
instance still exists, closed, and the next run of the task completes the deletion:

1. its contents are counted, and the counts saved with the instance;
2. its rows are deleted, table by table;
3. its files are deleted;
4. in one transaction, with the instance locked: the instance is deleted, everything is counted
   again, and the deletion record is saved. If rows or files were added meanwhile (by an upload in
   progress), the transaction is rolled back, and step 2 follows.
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
from usage.rollups.cells import note_days

logger = logging.getLogger(__name__)

# Uploads in progress when the instance was closed end long before this many rounds.
_ROUNDS = 10


def due_for_deletion(now: datetime) -> list[Instance]:
    """The instances whose grace days are over, the longest waiting first."""
    due = Instance.objects.filter(status=Instance.Status.DELETING, deletion_due_at__lte=now)
    return list(due.order_by("deletion_due_at"))


def delete_instance(instance: Instance) -> DeletionRecord | None:
    """Delete an instance whose deletion was requested; return the deletion record.

    None when another process has completed the deletion. Raises WrongStatus when no deletion was
    requested, InstanceNotEmpty when rows or files keep being added.
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
    """Save the counts of the instance, once; False when it is already deleted."""
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
        # The months of its organisation count it until they are computed again.
        note_days(instance_id)
        for model in tenant_models():
            table = sql.Identifier(model._meta.db_table)
            cursor.execute(
                sql.SQL("DELETE FROM {} WHERE instance_id = %s").format(table), [instance_id]
            )


def _delete_files(storage: Storage, directory: str) -> None:
    """Delete a directory of the storage; an instance's directory is named by its primary key."""
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
    """Delete the emptied instance and save the record; None when it is already deleted."""
    # Inside the tenant, so that row security hides nothing from Django's own cascade.
    with tenant(instance_id):
        if not Instance.objects.filter(pk=instance_id).exists():
            return None
        # In the order of uploads, which lock the totals before they check the instance.
        lock_totals(instance_id)
        instance = _lock(instance_id)
        if instance is None:
            raise InstanceNotEmpty(f"{instance_id}: totals remain of a deleted instance")
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
