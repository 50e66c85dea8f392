"""Archives in the pipeline: each member a document, none lost or doubled, what is left out said."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ingestion import uploads
from ingestion.errors import UnsafeDocument
from ingestion.models import Document
from ingestion.parse_warnings import ParseWarning, WarningCode
from ingestion.storing import members as storing
from instances.models import Instance
from instances.tenancy import tenant
from tests.cast import Cast
from tests.ingestion.files.archive_writer import seven_zip_of, tar_of, zip_of
from tests.ingestion.files.locked_files import locked_pdf
from tests.ingestion.stages import ingest, refreshed, run_stage
from tests.ingestion.storing.killing import kill_worker_of

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_broker")]
TEXTS = {f"dossier/{n}.txt": f"Texte numéro {n}.".encode() for n in range(5)}
Store = Callable[..., Document]


@pytest.fixture
def store(cast: Cast) -> Store:
    """``store(path)``: an archive that waits, in the folder "Droit"."""

    def upload(path: Path, **fields: Any) -> Document:
        with tenant(cast.instance):
            document, _ = uploads.store_upload(
                instance=cast.instance, user=cast.editor, name=path.name, folder="Droit",
                content=io.BytesIO(path.read_bytes()), **fields,
            )  # fmt: skip
        return document

    return upload


def members(instance: Instance) -> list[tuple[str, str]]:
    with tenant(instance):
        found = Document.objects.for_instance(instance).order_by("folder", "name")
        return [(document.folder, document.name) for document in found]


def exists(archive: Document) -> bool:
    with tenant(archive.instance_id):
        return Document.objects.filter(pk=archive.pk).exists()


@pytest.mark.parametrize(
    ("write", "name"),
    [(zip_of, "cours.zip"), (tar_of, "cours.tar"), (seven_zip_of, "cours.7z")],
    ids=["zip", "tar", "7z"],
)
def test_each_member_is_a_document_in_the_folder_of_the_archive(
    cast: Cast, store: Store, tmp_path: Path, write: Callable[..., Path], name: str
) -> None:
    archive = store(write(tmp_path / name, TEXTS), sensitivity="restricted")
    assert run_stage(archive) == "ready"
    assert not exists(archive)
    assert not archive.file.storage.exists(archive.file.name)
    assert members(cast.instance) == [("Droit/cours/dossier", f"{n}.txt") for n in range(5)]
    with tenant(cast.instance):
        for document in Document.objects.all():
            assert (document.uploaded_by_id, document.sensitivity, document.status) == (
                cast.editor.pk, "restricted", "queued",
            )  # fmt: skip


def test_members_become_ready(store: Store, cast: Cast, tmp_path: Path, embeddings: None) -> None:
    run_stage(store(zip_of(tmp_path / "a.zip", TEXTS)))
    with tenant(cast.instance):
        waiting = list(Document.objects.all())
    assert [ingest(document) for document in waiting] == ["ready"] * 5


@pytest.mark.parametrize(
    ("archive_name", "member", "folder"),
    [
        ("cours.tar.gz", "cours/td/1.txt", "Droit/cours/td"),
        ("cours.zip", "../../etc/1.txt", "Droit/cours/etc"),
        ("cours.zip", "/etc/1.txt", "Droit/cours/etc"),
        ("cours.zip", "C:\\td\\1.txt", "Droit/cours/C:/td"),
        ("archive", "1.txt", "Droit/archive"),
    ],
)
def test_folder_of_a_member(archive_name: str, member: str, folder: str) -> None:
    assert storing.member_folder(Document(name=archive_name, folder="Droit"), member) == folder


def test_what_is_left_out_is_named_with_its_reason(
    cast: Cast, store: Store, tmp_path: Path
) -> None:
    before = zip_of(tmp_path / "avant.zip", {"déjà.txt": b"Un texte de plus."})
    assert run_stage(store(before)) == "ready"
    inner = zip_of(tmp_path / "dedans.zip", {"x.txt": b"x"}).read_bytes()
    for name in ("c.zip", "b.zip"):
        inner = zip_of(tmp_path / name, {"dedans.zip": inner}).read_bytes()
    archive = store(
        zip_of(
            tmp_path / "a.zip",
            {
                "bon.txt": b"Un bon texte.",
                "copie.txt": b"Un texte de plus.",
                "vide.txt": b"",
                "film.bin": bytes(range(256)) * 9,
                "secret.pdf": locked_pdf(tmp_path / "s.pdf").read_bytes(),
                "dedans.zip": inner,
                "__MACOSX/._bon.txt": b"x",
            },
        )
    )
    assert run_stage(archive) == "failed"
    archive = refreshed(archive)
    assert archive.error_code == "archive_incomplete"
    assert set(archive.parse_warnings) == {
        ParseWarning(WarningCode.MEMBERS_ALREADY_HERE, ("copie.txt",)),
        ParseWarning(WarningCode.MEMBERS_EMPTY, ("vide.txt",)),
        ParseWarning(WarningCode.MEMBERS_UNSUPPORTED, ("film.bin",)),
        ParseWarning(WarningCode.MEMBERS_ENCRYPTED, ("secret.pdf",)),
        ParseWarning(WarningCode.MEMBERS_NOT_FILES, ("dedans.zip",)),
    }
    assert members(cast.instance) == [
        ("Droit", "a.zip"), ("Droit/a", "bon.txt"), ("Droit/avant", "déjà.txt"),
    ]  # fmt: skip


def test_quota_holds_for_members(cast: Cast, store: Store, tmp_path: Path) -> None:
    Instance.objects.filter(pk=cast.instance.pk).update(max_documents=3)
    archive = store(zip_of(tmp_path / "a.zip", TEXTS))
    assert run_stage(archive) == "failed"
    (warning,) = refreshed(archive).parse_warnings
    assert warning.code == WarningCode.MEMBERS_WITHOUT_ROOM
    assert warning.details == ("2.txt", "3.txt", "4.txt")


def test_bomb_fails_with_its_reason(cast: Cast, store: Store, tmp_path: Path) -> None:
    archive = store(zip_of(tmp_path / "a.zip", {f"{n}.txt": bytes(1 << 22) for n in range(20)}))
    assert run_stage(archive) == "failed"
    assert refreshed(archive).error_code == UnsafeDocument.code
    assert members(cast.instance) == [("Droit", "a.zip")]


def test_other_documents_have_their_turn_between_batches(
    cast: Cast, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "_BATCH_BYTES", 1)
    archive = store(zip_of(tmp_path / "a.zip", TEXTS))
    assert run_stage(archive) == "parsing"
    assert (refreshed(archive).unpacked_files, refreshed(archive).worker_seen_at) == (1, None)
    assert ingest(archive) == "ready"
    assert len(members(cast.instance)) == 5


def test_cancelled_archive_adds_nothing_more(
    cast: Cast, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storing, "_BATCH_BYTES", 1)
    archive = store(zip_of(tmp_path / "a.zip", TEXTS))
    run_stage(archive)
    with tenant(cast.instance):
        uploads.cancel(archive)
    assert run_stage(archive) is None
    assert len(members(cast.instance)) == 2


@pytest.mark.parametrize("after", [1, 3, 5])
def test_dead_worker_neither_loses_nor_doubles_a_member(
    cast: Cast, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    archive = store(zip_of(tmp_path / "a.zip", TEXTS))
    restarted = kill_worker_of(archive, after=after, monkeypatch=monkeypatch)
    assert ingest(restarted) == "ready"
    assert members(cast.instance) == [("Droit/a/dossier", f"{n}.txt") for n in range(5)]
