"""A Zotero library: its files, and its references."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from sources.models import Source, SourceRun
from tests.sources.scripted_site import Page, ScriptedSite, serving

pytestmark = pytest.mark.usefixtures("closed_connections")
Run = Callable[[Source], SourceRun]
Contents = Callable[[], dict[str, str]]


@dataclass
class ScriptedZotero(ScriptedSite):
    """The web API of Zotero, whose files are at another address."""

    items: list[dict[str, Any]] = field(default_factory=list)
    elsewhere: str = ""

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Page:
        parts = urlsplit(path)
        if headers.get("Zotero-API-Key") != "s3cret":
            return Page(b"Forbidden", "text/plain", 403)
        if parts.path.endswith("/file"):
            key = parts.path.split("/")[-2]
            return Page(status=302, headers={"Location": f"{self.elsewhere}/{key}"})
        if parts.path not in ("/groups/42/items", "/groups/42/collections/ABCD2345/items"):
            return Page(b"Not found", "text/plain", 404)
        query = parse_qs(parts.query)
        start, limit = int(query["start"][0]), int(query["limit"][0])
        return Page(json.dumps(self.items[start : start + limit]).encode(), "application/json")

    def add(self, key: str, version: int = 1, **data: Any) -> None:
        """Add an item to the library."""
        self.items.append({"key": key, "version": version, "data": data})


@pytest.fixture
def storage(may_reach: Callable[[int], None]) -> Iterator[ScriptedSite]:
    """Where the files are."""
    with serving(ScriptedSite()) as served:
        may_reach(served.port)
        yield served


@pytest.fixture
def library(storage: ScriptedSite, may_reach: Callable[[int], None]) -> Iterator[ScriptedZotero]:
    """A reference with a file, one without, a note, and a link."""
    zotero = ScriptedZotero(elsewhere=storage.url)
    creators = [{"firstName": "Jane", "lastName": "Doe"}, {"name": "A laboratory"}]
    zotero.add(
        "REFERENC",
        itemType="thesis",
        title="On rivers",
        abstractNote="About it.",
        creators=creators,
        tags=[{"tag": "water"}],
        language="en-GB",
    )
    zotero.add("TEXTFILE", itemType="attachment", linkMode="imported_file", filename="Doe 2026.txt")
    zotero.add("ANOTENOT", itemType="note", note="<p>Private</p>")
    zotero.add("ALINKALI", itemType="attachment", linkMode="linked_url", url="https://x.example/")
    storage.put("/TEXTFILE", "The whole text.", media_type="text/plain")
    with serving(zotero):
        may_reach(zotero.port)
        yield zotero


@pytest.fixture
def make_library(
    library: ScriptedZotero, make_source: Callable[..., Source]
) -> Callable[..., Source]:
    def make(key: str = "s3cret", **changed: Any) -> Source:
        options = {
            "url": library.url,
            "library": "groups",
            "library_id": "42",
            "collection": "",
            "reads_references": False,
        }
        return make_source("zotero", {"key": key}, **(options | changed))

    return make


def test_files_become_documents_and_the_key_stays_with_zotero(
    make_library: Callable[..., Source], storage: ScriptedSite, run_once: Run, contents: Contents
) -> None:
    run = run_once(make_library())
    assert (run.status, run.added) == ("done", 1)
    assert contents() == {"Doe 2026.txt": "The whole text."}
    (request,) = storage.requests
    assert "Zotero-API-Key" not in request[2]


def test_references_of_a_collection_are_read_if_wished(
    make_library: Callable[..., Source], run_once: Run, contents: Contents
) -> None:
    run_once(make_library(collection="ABCD2345", reads_references=True))
    found = contents()
    assert set(found) == {"Doe 2026.txt", "On rivers.html"}
    assert "Jane Doe; A laboratory" in found["On rivers.html"]
    assert "Private" not in str(found)


def test_library_is_read_in_parts_and_only_new_versions_are_fetched(
    make_library: Callable[..., Source],
    library: ScriptedZotero,
    storage: ScriptedSite,
    run_once: Run,
    contents: Contents,
) -> None:
    for number in range(150):
        library.add(f"NOTE{number:04}", itemType="note", note="Note")
    library.add("LASTFILE", itemType="attachment", linkMode="imported_url", filename="last.txt")
    storage.put("/LASTFILE", "The last.", media_type="text/plain")
    source = make_library()
    assert run_once(source).added == 2
    storage.requests.clear()
    assert run_once(source).unchanged == 2
    assert storage.requests == []
    library.items[1]["version"] = 7
    storage.put("/TEXTFILE", "Another text.", media_type="text/plain")
    del library.items[-1]
    run = run_once(source)
    assert (run.changed, run.removed) == (1, 1)
    assert contents() == {"Doe 2026.txt": "Another text."}


def test_wrong_key_fails_the_run(make_library: Callable[..., Source], run_once: Run) -> None:
    run = run_once(make_library(key="wrong"))
    assert (run.status, run.error_code) == ("failed", "access_denied")
