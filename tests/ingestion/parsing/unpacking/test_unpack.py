"""Archives: their members within limits, in batches, and what is wrong with the others."""

import gzip
import io
import random
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from ingestion.errors import (
    ArchiveTooLarge,
    CorruptDocument,
    DocumentError,
    EncryptedDocument,
    IngestionError,
    ParserCrashed,
    UnsafeDocument,
)
from ingestion.parsing.detection.files import detect
from ingestion.parsing.unpacking.unpack import Batch, UnpackLimits, unpack
from ingestion.sandbox import ParseLimits, UnpackRequest, load_batch, run_in_child
from tests.ingestion.files.archive_writer import seven_zip_of, tar_of, zip_of

FILES = {"cours/un.txt": b"Un texte", "cours/vide.txt": b"", "deux.md": b"# Deux" * 500}
LIMITS = UnpackLimits(
    max_members=100, max_member_bytes=1 << 20, max_bytes=8 << 20, batch_bytes=1 << 20
)
WRITERS: dict[str, Callable[[Path], Path]] = {
    "zip": lambda path: zip_of(path, FILES),
    "tar": lambda path: tar_of(path, FILES),
    "tar.gz": lambda path: tar_of(path, FILES, "w:gz"),
    "tar.bz2": lambda path: tar_of(path, FILES, "w:bz2"),
    "tar.xz": lambda path: tar_of(path, FILES, "w:xz"),
    "7z": lambda path: seven_zip_of(path, FILES),
    "stored 7z": lambda path: seven_zip_of(path, FILES, method="copy"),
}
EVERY = pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS)


def batch(path: Path, start: int = 0, **limits: int) -> Batch:
    with path.open("rb") as file:
        kind = detect(file, path.name)
        changed = {name: limits.get(name, getattr(LIMITS, name)) for name in LIMITS.__slots__}
        return unpack(
            file, media_type=kind, name=path.name, start=start, limits=UnpackLimits(**changed)
        )


def refusals(found: Batch) -> dict[str, str]:
    return {member.name: member.refusal for member in found.members}


@EVERY
def test_members_have_their_names_and_bytes(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    found = batch(write(tmp_path / "a"))
    assert {member.name: member.content for member in found.members} == FILES
    assert (found.is_last, found.is_damaged) == (True, False)


@EVERY
def test_batches_end_and_go_on(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    path = write(tmp_path / "a")
    names: list[str] = []
    for start in range(3):
        found = batch(path, start, batch_bytes=1, max_bytes=1 << 20)
        names += [member.name for member in found.members if member.name not in names]
    assert sorted(names) == sorted(FILES)


@EVERY
def test_limits_on_members_and_bytes(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    path = write(tmp_path / "a")
    with pytest.raises(ArchiveTooLarge):
        batch(path, max_members=2)
    with pytest.raises(ArchiveTooLarge):
        batch(path, max_bytes=2_000)
    assert refusals(batch(path, max_member_bytes=100))["deux.md"] == "too_large"


def nested(path: Path, depth: int, files: dict[str, bytes]) -> Path:
    """Archives in one another, of another format each."""
    inner = zip_of(path / "dans.zip", files)
    for number in range(depth):
        writer = (seven_zip_of, tar_of)[number % 2]
        name = ("dans.7z", "dans.tar")[number % 2]
        inner = writer(path / name, {f"td/{inner.name}": inner.read_bytes(), f"{number}.txt": b"a"})
    return inner


def test_archives_in_archives_are_unpacked_in_place(tmp_path: Path) -> None:
    path = nested(tmp_path, 2, {"x.txt": b"x", "y.txt": b"y"})
    expected = {"td/dans/td/dans/x.txt": b"x", "td/dans/td/dans/y.txt": b"y",
                "td/dans/0.txt": b"a", "1.txt": b"a"}  # fmt: skip
    assert {member.name: member.content for member in batch(path).members} == expected
    names = [batch(path, start, batch_bytes=1).members[0].name for start in range(4)]
    assert names == list(expected)


def test_archives_deeper_in_others_are_members(tmp_path: Path) -> None:
    found = batch(nested(tmp_path, 3, {"x.txt": b"x"}))
    assert "td/dans/td/dans/td/dans.zip" in refusals(found)


def test_archives_in_archives_count_in_the_same_limits(tmp_path: Path) -> None:
    bomb = zip_of(tmp_path / "b.zip", {"zeros.txt": bytes(20 << 20)}).read_bytes()
    path = zip_of(tmp_path / "a.zip", {f"{n}.zip": bomb for n in range(3)})
    with pytest.raises(UnsafeDocument):
        batch(path, max_member_bytes=64 << 20, max_bytes=1 << 30)
    path = nested(tmp_path, 1, {f"{n}.txt": b"x" for n in range(5)})
    with pytest.raises(ArchiveTooLarge):
        batch(path, max_members=5)


def test_what_is_wrong_with_an_archive_in_another_is_said_of_it(tmp_path: Path) -> None:
    whole = zip_of(tmp_path / "b.zip", {"x.txt": b"x"}).read_bytes()
    found = batch(
        zip_of(
            tmp_path / "a.zip",
            {"cut.zip": whole[: len(whole) // 2], "text.zip": b"Un texte", "bon.zip": whole},
        )
    )
    assert refusals(found) == {"cut.zip": "", "text.zip": "", "bon/x.txt": ""}


def test_compressed_file_is_its_only_member(tmp_path: Path) -> None:
    (tmp_path / "notes.txt.gz").write_bytes(gzip.compress(b"Des notes"))
    (member,) = batch(tmp_path / "notes.txt.gz").members
    assert (member.name, member.content) == ("notes.txt", b"Des notes")


def test_links_devices_and_junk_are_no_files(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "a.tar", "w") as archive:
        for kind, name in ((tarfile.SYMTYPE, "lien"), (tarfile.LNKTYPE, "dur"),
                           (tarfile.CHRTYPE, "zero"), (tarfile.FIFOTYPE, "tube"),
                           (tarfile.DIRTYPE, "dossier")):  # fmt: skip
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
    assert refusals(batch(tmp_path / "a.tar")) == dict.fromkeys(
        ["lien", "dur", "zero", "tube"], "not_a_file"
    )
    link = zipfile.ZipInfo("lien")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as zipped:
        zipped.writestr(link, "/etc/passwd")
        zipped.writestr("__MACOSX/._a.txt", "x")
        zipped.writestr("a/Thumbs.db", "x")
        zipped.writestr("../../etc/cron.txt", "x")
    assert refusals(batch(tmp_path / "a.zip")) == {
        "lien": "not_a_file", "__MACOSX/._a.txt": "junk", "a/Thumbs.db": "junk",
        "../../etc/cron.txt": "junk",
    }  # fmt: skip


def test_encrypted_members_are_told(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "a.zip", {"clair.txt": b"x", "secret.txt": b"y"})
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 8] |= 1
    path.write_bytes(data)
    assert refusals(batch(path)) == {"clair.txt": "", "secret.txt": "encrypted"}
    locked = seven_zip_of(tmp_path / "a.7z", {"secret.txt": b"y"}, method="aes")
    assert refusals(batch(locked)) == {"secret.txt": "encrypted"}


def test_names_of_old_programs_are_read(tmp_path: Path) -> None:
    path = zip_of(tmp_path / "a.zip", {"reglement_interieur_xx.txt": b"x"})
    old = "règlement_intérieur_é.txt".encode("cp850").ljust(26, b"x")
    path.write_bytes(path.read_bytes().replace(b"reglement_interieur_xx.txt", old))
    (member,) = batch(path).members
    assert "règlement_intérieur_é" in member.name


def bomb(path: Path) -> Path:
    return zip_of(path, {f"{n}.txt": bytes(1 << 22) for n in range(20)})


def tar_bomb(path: Path) -> Path:
    return tar_of(path, {f"{n}.txt": bytes(1 << 22) for n in range(20)}, "w:xz")


def gzip_bomb(path: Path) -> Path:
    path.write_bytes(gzip.compress(bytes(80 << 20)))
    return path


def seven_zip_bomb(path: Path) -> Path:
    return seven_zip_of(path, {"0.txt": bytes(80 << 20)})


@pytest.mark.parametrize("make", [bomb, tar_bomb, gzip_bomb, seven_zip_bomb])
def test_bombs_are_refused(tmp_path: Path, make: Callable[[Path], Path]) -> None:
    with pytest.raises(UnsafeDocument):
        batch(
            make(tmp_path / "a"), max_bytes=1 << 30, max_member_bytes=1 << 30, batch_bytes=1 << 30
        )


@pytest.mark.parametrize("name", ["tar", "tar.gz", "tar.xz"])
def test_what_stands_before_the_damage_is_read(tmp_path: Path, name: str) -> None:
    noise = random.Random(1)
    files = {f"{n}.bin": noise.randbytes(60_000) for n in range(3)}
    mode = {"tar": "w", "tar.gz": "w:gz", "tar.xz": "w:xz"}[name]
    path = tar_of(tmp_path / "a", files, mode)
    path.write_bytes(path.read_bytes()[:100_000])
    found = batch(path)
    assert found.is_damaged or found.members[-1].refusal == "damaged"
    assert found.members[0].content == files["0.bin"]


def test_damaged_zip_and_7z_are_refused(tmp_path: Path) -> None:
    for name in ("zip", "7z"):
        path = WRITERS[name](tmp_path / "a")
        path.write_bytes(path.read_bytes()[:-30])
        with pytest.raises(CorruptDocument):
            batch(path)


def in_child(path: Path) -> Batch:
    with path.open("rb") as file:
        request = UnpackRequest(
            media_type=detect(file, path.name), name=path.name, start=0, unpack_limits=LIMITS,
            limits=ParseLimits(cpu_seconds=20, wall_seconds=60, memory_bytes=512 << 20),
        )  # fmt: skip
        found, _ = run_in_child(file, request=request, load=load_batch)
    return found


@EVERY
def test_child_unpacks_the_same(tmp_path: Path, write: Callable[[Path], Path]) -> None:
    path = write(tmp_path / "a")
    assert in_child(path) == batch(path)


@EVERY
def test_archives_damaged_at_random_have_a_reason_or_members(
    tmp_path: Path, write: Callable[[Path], Path]
) -> None:
    path = write(tmp_path / "a")
    data = path.read_bytes()
    chance = random.Random(path.name)
    for _ in range(15):
        changed = bytearray(data)
        for _ in range(chance.randint(1, 8)):
            changed[chance.randrange(len(changed))] = chance.randrange(256)
        path.write_bytes(changed[: chance.choice([len(changed), chance.randrange(len(changed))])])
        try:
            in_child(path)
        except ParserCrashed as error:
            pytest.fail(f"{error}")
        except (DocumentError, IngestionError):
            continue


def test_encrypted_directory_is_told(tmp_path: Path) -> None:
    path = seven_zip_of(tmp_path / "a.7z", {"a.txt": b"x"}, method="aes")
    data = path.read_bytes()
    header = b"\x17" + data[data.index(b"\x01\x04\x06") + 2 : data.index(b"\x08\x0d")] + b"\0"
    path.write_bytes(_with_header(data, header))
    with pytest.raises(EncryptedDocument):
        batch(path)


def _with_header(data: bytes, header: bytes) -> bytes:
    import struct
    import zlib

    offset = int.from_bytes(data[12:20], "little")
    start = struct.pack("<QQL", offset, len(header), zlib.crc32(header))
    return data[:8] + struct.pack("<L", zlib.crc32(start)) + start + data[32 : 32 + offset] + header


def test_endless_names_are_cut(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        info = tarfile.TarInfo("x" * 100_000)
        archive.addfile(info, io.BytesIO(b""))
    (tmp_path / "a.tar").write_bytes(buffer.getvalue())
    (member,) = batch(tmp_path / "a.tar").members
    assert len(member.name) <= 1_000
