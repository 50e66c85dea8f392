"""Kill the worker with -9 while it deletes an instance: the next run completes the deletion.

The test locks a row for which the worker must wait, so that the moment is known.
"""

import json
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench.stack import ROOT, Stack
from tests.fixtures.waiting import wait_until

pytestmark = pytest.mark.crash

N_FILES = 40

# An instance with files, and with documents and passages or (as after a half-done deletion) none;
# its deletion is due.
_MAKE = """
import io, json
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.utils import timezone
from ingestion.models import Chunk, Document
from administration.lifecycle import status
from instances.organisations.creation import create_instance
from instances.models import Instance, Organisation
from instances.tenancy import tenant
instance = create_instance(organisation=Organisation.objects.first(), name="Gone")
with tenant(instance):
    for number in range({n_documents}):
        document = Document(instance=instance, name="x.txt", media_type="text/plain",
                            size_bytes=4, sha256=str(number), status="ready")
        document.file.save("x", ContentFile(b"text"), save=False)
        document.save(force_insert=True)
        Chunk.objects.create(instance=instance, document=document, position=0, text="text",
                             page_start=1, page_end=1, char_start=0, char_end=4, token_count=1,
                             embedding=[0.1, 0.2])
for number in range({n_files}):
    default_storage.save(f"{{instance.pk}}/more/{{number}}", ContentFile(b"text"))
status.request_deletion(instance, by=None)
Instance.objects.filter(pk=instance.pk).update(deletion_due_at=timezone.now())
print(json.dumps(dict(number=instance.pk, slug=instance.slug)))
"""

# Locks the instance's totals until its input ends: neither rows nor the instance can be deleted.
_HOLD = """
import sys
from django.db import transaction
from instances.quotas import lock_totals
with transaction.atomic():
    lock_totals({number})
    print("held", flush=True)
    sys.stdin.read()
"""

_BEGIN = """
from celery import current_app
current_app.send_task("administration.tasks.delete_due_instances")
"""

_STATE = """
import json
from administration.lifecycle.contents import count_everything
from instances.models import DeletionRecord, Instance
record = DeletionRecord.objects.filter(instance_number={number}).first()
begun = Instance.objects.filter(pk={number}, deletion_counts__isnull=False).exists()
print(json.dumps(dict(
    exists=Instance.objects.filter(pk={number}).exists(),
    has_begun=begun,
    left=count_everything({number}),
    before=record and record.before,
    after=record and record.after,
)))
"""


@contextmanager
def held(stack: Stack, number: int) -> Iterator[None]:
    """Lock the totals of the instance."""
    command = [ROOT / "manage", "--data-dir", stack.data.root, "shell", "--no-imports", "-c"]
    with subprocess.Popen(
        [*command, _HOLD.format(number=number)],
        env=stack.env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline().strip() == "held"
        yield
        holder.communicate("")


def state(stack: Stack, number: int) -> dict:
    result: dict = json.loads(stack.shell(_STATE.format(number=number)))
    return result


# With documents the worker waits before it deletes rows; without, after it deleted the files.
@pytest.mark.parametrize("n_documents", [5, 0], ids=["before the rows go", "after the files went"])
def test_deletion_completes_after_worker_is_killed(stack: Stack, n_documents: int) -> None:
    made = json.loads(stack.shell(_MAKE.format(n_documents=n_documents, n_files=N_FILES)))
    number, directory = made["number"], Path(stack.data.root) / "files" / str(made["number"])
    assert directory.is_dir()
    with held(stack, number):
        stack.shell(_BEGIN)
        if n_documents:
            wait_until(lambda: state(stack, number)["has_begun"], "the beginning")
        else:
            wait_until(lambda: not directory.exists(), "the end of the files")
        stack.kill("worker-embed")
        middle = state(stack, number)
        assert middle["exists"]
        assert middle["before"] is None
        assert middle["left"]["ingestion_chunk"] == n_documents

    wait_until(lambda: not state(stack, number)["exists"], "the end")

    end = state(stack, number)
    assert end["before"]["ingestion_document"] == n_documents
    assert end["before"]["files"] == N_FILES + n_documents
    assert set(end["after"].values()) == {0}
    assert set(end["left"].values()) == {0}
    assert not directory.exists()
