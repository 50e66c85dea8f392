"""Hostile files fail with a reason; caller and zygote continue to work."""

import gzip
import os
import select
import signal
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import IO, cast

import pytest

from ingestion.error_messages import user_message
from ingestion.errors import (
    CorruptDocument,
    EncryptedDocument,
    ImageOnlyDocument,
    IngestionError,
    ParseCancelled,
    ParseMemoryExceeded,
    ParserCrashed,
    ParseTimeout,
    SandboxUnavailable,
    TooManyPages,
    TooMuchText,
    UnsafeDocument,
    error_for_code,
)
from ingestion.sandbox import (
    ParsedFile,
    ParseLimits,
    PictureRequest,
    client,
    load_picture,
    parse_in_child,
    run_in_child,
)
from ingestion.sandbox.wire import dump_result, load_result
from tests.ingestion.package_writer import paragraph, write_docx
from tests.ingestion.pdf_writer import Page, stream, write_image_pdf, write_objects, write_pdf
from tests.ingestion.reading import read_in_child

MIB = 1024 * 1024


def parse(path: Path, **limits: int) -> ParsedFile:
    return read_in_child(path, limits=ParseLimits(**limits))


def one_page(*objects: bytes) -> list[bytes]:
    """Return the objects of a PDF whose only page has object 4 as its contents."""
    return [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R>>",
        *objects,
    ]


def flate_bomb(path: Path) -> Path:
    """1 GiB of path operators in 3 MB, then compressed again to some kilobytes."""
    compressor = zlib.compressobj(9)
    block = b"0 0 m " * 200_000
    data = b"".join(compressor.compress(block) for _ in range(900)) + compressor.flush()
    twice = zlib.compress(data, 9)
    return write_objects(path, one_page(stream(twice, b"/Filter[/FlateDecode/FlateDecode]")))


def zip_bomb(path: Path) -> Path:
    """A Word file whose body unpacks to 400 times its size."""
    write_docx(path, "")
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        with archive.open("word/document.xml", "w") as part:
            for _ in range(200):
                part.write(b"<w:p/>" * 100_000)
    return path


def endless_pages(path: Path) -> Path:
    pages = b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 3>>"
    return write_objects(path, [b"<</Type/Catalog/Pages 2 0 R>>", pages])


def gzip_file(folder: Path, content: bytes) -> IO[bytes]:
    (folder / "a.txt.gz").write_bytes(gzip.compress(content))
    return cast(IO[bytes], gzip.open(folder / "a.txt.gz", "rb"))


def spooled_file(_folder: Path, content: bytes) -> IO[bytes]:
    """A file in memory, which moves to the disk without a flush when asked for a descriptor."""
    spooled = tempfile.SpooledTemporaryFile()  # noqa: SIM115 (the caller closes it)
    spooled.write(content)
    spooled.seek(0)
    return cast(IO[bytes], spooled)


def nested_entities(path: Path) -> Path:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        body = f'<!DOCTYPE d [<!ENTITY e0 "ha">{entities}]><d>&e9;</d>'
        archive.writestr("word/document.xml", body)
    return path


def locked(path: Path) -> Path:
    from pypdf import PdfWriter

    write_pdf(path, [Page().lines(72, 700, "secret")])
    writer = PdfWriter(clone_from=path)
    writer.encrypt("secret")
    writer.write(path)
    return path


def truncated(path: Path) -> Path:
    write_docx(path, paragraph("texte"))
    path.write_bytes(path.read_bytes()[:400])
    return path


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (flate_bomb, ParseMemoryExceeded),
        (zip_bomb, UnsafeDocument),
        (nested_entities, UnsafeDocument),
        (endless_pages, CorruptDocument),
        (lambda path: write_image_pdf(path, side=30_000), ImageOnlyDocument),
        (lambda path: write_pdf(path, [Page()] * 20_000), TooManyPages),
        (locked, EncryptedDocument),
        (truncated, CorruptDocument),
    ],
    ids=["flate", "zip", "entities", "cycle", "image", "20000-pages", "encrypted", "truncated"],
)
def test_hostile_file_fails_and_next_file_is_parsed(
    tmp_path: Path, make: object, error: type[IngestionError]
) -> None:
    path = make(tmp_path / "hostile")  # type: ignore[operator]
    with pytest.raises(error):
        parse(path, memory_bytes=384 * MIB)
    good = write_pdf(tmp_path / "good.pdf", [Page().lines(72, 700, "Un texte sain.")])
    assert parse(good).passages[0].text == "Un texte sain."


def test_max_pages_may_allow_twenty_thousand(tmp_path: Path) -> None:
    pages = [Page().lines(72, 700, "Une page parmi vingt mille.")] * 20_000
    path = write_pdf(tmp_path / "long.pdf", pages)
    parsed = parse(path, max_pages=20_000, memory_bytes=1024 * MIB)
    assert len(parsed.document.pages) == 20_000


def long_file(folder: Path) -> Path:
    """A PDF that takes many seconds to read."""
    return write_pdf(folder / "long.pdf", [Page().lines(72, 700, *["mot " * 30] * 60)] * 4_000)


def test_processor_time_is_limited(tmp_path: Path) -> None:
    with pytest.raises(ParseTimeout):
        parse(long_file(tmp_path), cpu_seconds=1)


def test_text_is_limited(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("mot " * 50_000)
    with pytest.raises(TooMuchText):
        parse(tmp_path / "a.txt", max_text_chars=100_000)
    with pytest.raises(TooMuchText):
        parse(tmp_path / "a.txt", max_result_bytes=100_000)
    with pytest.raises(TooMuchText):
        parse(tmp_path / "a.txt", max_passages=100)


def test_caller_can_cancel(tmp_path: Path) -> None:
    with pytest.raises(ParseCancelled):
        read_in_child(long_file(tmp_path), name="a.pdf", is_cancelled=lambda: True)
    (tmp_path / "a.txt").write_text("Ensuite, tout va bien.")
    assert parse(tmp_path / "a.txt").passages


def test_open_pipe_is_not_parsed() -> None:
    reading, writing = os.pipe()
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe, pytest.raises(CorruptDocument, match="regular"):
        parse_in_child(pipe, name="a.txt", tokenizer_path=None, chunk_tokens=256)


@pytest.mark.parametrize("wrap", [gzip_file, spooled_file], ids=["compressed", "spooled"])
def test_wrapped_file_is_copied(tmp_path: Path, wrap: Callable[[Path, bytes], IO[bytes]]) -> None:
    with wrap(tmp_path, b"Le texte lu.") as content:
        parsed = parse_in_child(content, name="a.txt", tokenizer_path=None, chunk_tokens=256)
    assert [passage.text for passage in parsed.passages] == ["Le texte lu."]


def test_tokenizer_of_the_model_counts_in_the_child(tmp_path: Path, model_folder: Path) -> None:
    """Of one word and of many: SentencePiece encodes a batch in threads, which are refused."""
    words = [f"{word}{number}" for number in range(400) for word in ("congé", "anticonstitution")]
    file = tmp_path / "a.txt"
    file.write_text(" ".join(words))
    with file.open("rb") as content:
        parsed = parse_in_child(
            content,
            name="a.txt",
            tokenizer_path=model_folder / "tokenizer.json",
            chunk_tokens=256,
        )
    assert len(parsed.passages) > 1
    assert all(0 < passage.token_count <= 256 for passage in parsed.passages)


def test_zygote_that_parses_also_does_what_needs_no_tokenizer(
    tmp_path: Path, model_folder: Path
) -> None:
    tokenizer = model_folder / "tokenizer.json"
    write_pdf(tmp_path / "a.pdf", [Page().lines(72, 700, "Un texte, avec ses mots.")])
    pids = []
    for _ in range(2):
        with (tmp_path / "a.pdf").open("rb") as file:
            parse_in_child(file, name="a.pdf", tokenizer_path=tokenizer, chunk_tokens=99)
            run_in_child(file, request=PictureRequest(1, 300, ParseLimits()), load=load_picture)
        assert client.FILES.zygote is not None
        pids.append(client.FILES.zygote.pid)
    assert pids[0] == pids[1]


def test_dead_zygote_is_transient_error_and_replaced(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Un texte.")
    parse(tmp_path / "a.txt")
    assert client.FILES.zygote is not None
    pid = client.FILES.zygote.pid
    killed: list[int] = []

    def kill_once() -> bool:
        if not killed:
            killed.append(pid)
            os.kill(pid, signal.SIGKILL)
        return False

    with pytest.raises(SandboxUnavailable):
        read_in_child(long_file(tmp_path), name="a.pdf", is_cancelled=kill_once)
    assert parse(tmp_path / "a.txt").passages


def test_zygote_ends_when_caller_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\nfrom ingestion.sandbox import parse_in_child, client\n"
        "from ingestion.sandbox.running import Preloaded\n"
        "with client.FILES.running(Preloaded()) as zygote:\n    print(zygote.pid, flush=True)\n"
        "file = pathlib.Path(sys.argv[1]).open('rb')\n"
        "parse_in_child(file, name='a', tokenizer_path=None, chunk_tokens=9)"
    )
    caller = subprocess.Popen(
        [sys.executable, "-c", code, str(long_file(tmp_path))], stdout=subprocess.PIPE, text=True
    )
    assert caller.stdout is not None
    zygote = os.pidfd_open(int(caller.stdout.readline()))
    caller.kill()
    caller.wait()
    try:
        assert select.select([zygote], [], [], 30)[0], "the zygote is still there"
    finally:
        os.close(zygote)


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{", b'{"document": {}}', b'{"error": 3}', b'{"passages": [], "document": null}'],
)
def test_malformed_result_is_parser_crash(data: bytes) -> None:
    with pytest.raises(ParserCrashed):
        load_result(data)


def test_error_is_sent_with_its_code() -> None:
    with pytest.raises(UnsafeDocument, match="bomb"):
        load_result(dump_result(UnsafeDocument("bomb")))


@pytest.mark.parametrize("error", IngestionError.__subclasses__())
def test_every_error_has_user_message(error: type[IngestionError]) -> None:
    for found in (error, *error.__subclasses__()):
        assert str(user_message(found.code))
        if found.code != "unreadable":
            assert error_for_code(found.code) is found
