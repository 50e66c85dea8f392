"""Files attached to documents or embedded in them: each a document that names its parent."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from ingestion import uploads, versions
from ingestion.models import Document
from ingestion.parse_warnings import ParseWarning, WarningCode
from instances.tenancy import tenant
from tests.cast import Cast
from tests.factories import ConversationFactory
from tests.ingestion.files.archive_writer import zip_of
from tests.ingestion.files.attachment_writer import BUDGET, PLAN, WRITERS, eml, mail, pdf
from tests.ingestion.stages import change, ingest, refreshed, run_stage
from tests.ingestion.storing.killing import kill_worker_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]
Store = Callable[[Path], Document]


@pytest.fixture
def store(cast: Cast) -> Store:
    """``store(path)``: a document that waits, in the folder "Droit"."""

    def upload(path: Path) -> Document:
        with tenant(cast.instance):
            document, _ = uploads.store_upload(
                instance=cast.instance, user=cast.editor, name=path.name, folder="Droit",
                sensitivity="restricted", content=io.BytesIO(path.read_bytes()),
            )  # fmt: skip
        return document

    return upload


def attached(parent: Document) -> list[tuple[str, str, int]]:
    """The folder, name and nesting of the documents that name this one, by name."""
    with tenant(parent.instance_id):
        found = Document.objects.filter(attached_to=parent.series).order_by("name")
        return [(document.folder, document.name, document.nesting) for document in found]


def bytes_of(parent: Document) -> list[bytes]:
    with tenant(parent.instance_id):
        found = Document.objects.filter(attached_to=parent.series).order_by("name")
        return [document.file.read() for document in found]


BOTH = [("Droit/a", "budget.csv", 1), ("Droit/a", "plan.txt", 1)]


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)
def test_each_file_is_a_document_that_names_its_parent(
    store: Store, tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    parent = store(write(tmp_path))
    assert run_stage(parent) == "embedding"
    assert attached(parent) == BOTH
    assert bytes_of(parent) == [BUDGET, PLAN]
    assert refreshed(parent).parse_warnings == []
    with tenant(parent.instance_id):
        one = Document.objects.get(name="plan.txt")
        assert (one.uploaded_by_id, one.sensitivity, one.status) == (
            parent.uploaded_by_id, "restricted", "queued",
        )  # fmt: skip


def test_page_of_a_portfolio_is_no_document(cast: Cast, store: Store, tmp_path: Path) -> None:
    portfolio = store(pdf(tmp_path / "a.pdf", catalog=b"/Collection<</Type/Collection>>"))
    assert run_stage(portfolio) == "ready"
    with tenant(cast.instance):
        found = [(one.folder, one.name) for one in Document.objects.order_by("name")]
    assert found == [("Droit/a", "budget.csv"), ("Droit/a", "plan.txt")]


def test_what_is_left_out_is_named_with_its_reason(store: Store, tmp_path: Path) -> None:
    files = {"budget.csv": BUDGET, "film.bin": bytes(range(256)) * 9, "vide.txt": b""}
    parent = store(mail(tmp_path / "a.eml", files))
    assert run_stage(parent) == "embedding"
    expected = [
        ParseWarning(WarningCode.MEMBERS_UNSUPPORTED, ("film.bin",)),
        ParseWarning(WarningCode.MEMBERS_EMPTY, ("vide.txt",)),
    ]
    assert refreshed(parent).parse_warnings == expected
    assert [name for _, name, _ in attached(parent)] == ["budget.csv"]
    change(parent, status="queued", attempt=2)
    run_stage(refreshed(parent))
    assert refreshed(parent).parse_warnings == expected


def test_deleted_attachment_does_not_come_back(store: Store, tmp_path: Path) -> None:
    parent = store(eml(tmp_path))
    run_stage(parent)
    with tenant(parent.instance_id):
        versions.delete(Document.objects.get(name="plan.txt"))
    change(parent, status="queued", attempt=2)
    assert run_stage(refreshed(parent)) == "embedding"
    assert attached(parent) == BOTH[:1]


def test_pictures_in_the_text_of_a_message_are_no_documents(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "a.eml"
    text = mail(path, {"logo.png": b"\x89PNG\r\n\x1a\n", "plan.txt": PLAN}, "image/png").read_text()
    path.write_text(text.replace("attachment", "inline", 1))
    parent = store(path)
    run_stage(parent)
    assert [name for _, name, _ in attached(parent)] == ["plan.txt"]


def test_archives_that_are_attached_are_unpacked_in_place(store: Store, tmp_path: Path) -> None:
    archive = zip_of(tmp_path / "z.zip", {"td/plan.txt": PLAN}).read_bytes()
    parent = store(mail(tmp_path / "a.eml", {"z.zip": archive}))
    assert run_stage(parent) == "embedding"
    assert attached(parent) == [("Droit/a/z/td", "plan.txt", 1)]


def test_files_in_files_in_files_are_only_named(store: Store, tmp_path: Path) -> None:
    inner = pdf(tmp_path / "c.pdf").read_bytes()
    middle = mail(tmp_path / "b.eml", {"c.pdf": inner}).read_bytes()
    archive = store(zip_of(tmp_path / "a.zip", {"b.eml": middle}))
    assert run_stage(archive) == "ready"
    for name, nesting in (("b.eml", 1), ("c.pdf", 2)):
        with tenant(archive.instance_id):
            document = Document.objects.get(name=name)
        assert document.nesting == nesting
        assert run_stage(document) == "embedding"
    (warning,) = refreshed(document).parse_warnings
    assert warning == ParseWarning(WarningCode.UNREAD_FILES, ("<2>budget.csv", "plans/plan.txt"))
    assert attached(document) == []


@pytest.mark.parametrize("after", [1, 2])
def test_dead_worker_neither_loses_nor_doubles_an_attachment(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    parent = store(eml(tmp_path))
    restarted = kill_worker_of(parent, after=after, monkeypatch=monkeypatch)
    assert run_stage(restarted) == "embedding"
    assert attached(parent) == BOTH


def test_attachments_that_cannot_be_unpacked_leave_the_document_alone(
    store: Store, tmp_path: Path, settings: Any
) -> None:
    settings.ARCHIVE_MAX_MEMBERS = 1
    parent = store(eml(tmp_path))
    assert run_stage(parent) == "embedding"
    (warning,) = refreshed(parent).parse_warnings
    assert warning == ParseWarning(WarningCode.UNREAD_FILES, ("budget.csv", "plan.txt"))


def test_deleting_a_document_deletes_what_is_attached_to_it(
    cast: Cast, store: Store, tmp_path: Path, client_for: Callable[..., Client], embeddings: None
) -> None:
    parent = store(eml(tmp_path))
    assert ingest(parent) == "ready"
    client = client_for(cast.editor)
    url = reverse("documents:delete", args=["law", parent.pk])
    assert client.get(url).context["attached_count"] == 2
    with tenant(cast.instance):
        every = [str(pk) for pk in Document.objects.values_list("pk", flat=True)]
    client.post(
        reverse("documents:bulk", args=["law"]),
        {"action": "delete", "confirmed": "1", "document": every},
    )
    with tenant(cast.instance):
        assert not Document.objects.exists()


def test_pages_name_parent_and_attachments(
    cast: Cast, store: Store, tmp_path: Path, client_for: Callable[..., Client]
) -> None:
    parent = store(eml(tmp_path))
    run_stage(parent)
    with tenant(cast.instance):
        child = Document.objects.get(name="plan.txt")
    client = client_for(cast.teammate)

    def page(document: Document) -> str:
        return reverse("documents:detail", args=["law", document.pk])

    assert page(child) in client.get(page(parent)).content.decode()
    assert page(parent) in client.get(page(child)).content.decode()
    assert client_for(cast.stranger).get(page(child)).status_code == 404


def test_files_in_an_attachment_of_a_conversation_stay_out_of_the_instance(
    cast: Cast, tmp_path: Path
) -> None:
    conversation = ConversationFactory(instance=cast.instance, user=cast.teammate)
    with tenant(cast.instance):
        parent, _is_new = uploads.store_upload(
            instance=cast.instance, user=cast.teammate, name="a.pdf",
            content=io.BytesIO(pdf(tmp_path / "a.pdf").read_bytes()),
            conversation_id=conversation.pk,
        )  # fmt: skip
    assert run_stage(parent) == "embedding"
    with tenant(cast.instance):
        assert not Document.objects.exists()
        parent = Document.with_attachments.get()
    assert [item.code for item in parent.parse_warnings] == [WarningCode.UNREAD_FILES]
