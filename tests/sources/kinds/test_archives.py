"""Open archives and HAL: records become documents, with their files."""

from collections.abc import Callable, Iterator

import pytest

from sources.models import Source, SourceRun
from tests.sources.kinds.scripted_archive import Publication, ScriptedArchive
from tests.sources.scripted_site import ScriptedSite, serving

pytestmark = pytest.mark.usefixtures("closed_connections")
Run = Callable[[Source], SourceRun]
Contents = Callable[[], dict[str, str]]

# A file is stored as it is; that it is a PDF is seen by its content.
_FILE = "The whole text of the thesis."


@pytest.fixture
def archive(may_reach: Callable[[int], None]) -> Iterator[ScriptedArchive]:
    """Five publications, of which the first has a file, and the second one that is gone."""
    archive = ScriptedArchive(
        publications=[
            Publication(1, "On rivers &amp; lakes", has_file=True),
            Publication(2, "On hills", has_file=True),
            *(Publication(number, f"Study {number}") for number in (3, 4, 5)),
        ]
    )
    archive.put("/1.pdf", _FILE, media_type="text/plain")
    with serving(archive):
        may_reach(archive.port)
        yield archive


@pytest.fixture(params=["oai", "hal"])
def source(
    request: pytest.FixtureRequest, archive: ScriptedArchive, make_source: Callable[..., Source]
) -> Source:
    """The same archive, by both protocols."""
    if request.param == "oai":
        return make_source("oai", url=f"{archive.url}/oai", oai_set="", reads_files=True)
    return make_source("hal", url=f"{archive.url}/search/LAB", query="*:*", reads_files=True)


def test_all_parts_of_the_list_are_read_and_files_where_there_are_any(
    source: Source, run_once: Run, contents: Contents
) -> None:
    run = run_once(source)
    assert (run.status, run.added, run.failed) == ("done", 5, 0)
    found = contents()
    assert _FILE in found.values()
    (hills,) = (text for name, text in found.items() if name.startswith("On hills"))
    assert "<h1>On hills</h1>" in hills
    assert "About it." in hills
    assert "Jane" in hills


def test_only_records_that_have_changed_are_fetched(
    source: Source, archive: ScriptedArchive, run_once: Run, contents: Contents
) -> None:
    run_once(source)
    archive.publications[2].abstract = "A better abstract."
    archive.publications[2].dated = "2026-11-15"
    archive.requests.clear()
    run = run_once(source)
    assert (run.changed, run.unchanged, run.removed) == (1, 4, 0)
    assert not [path for path in archive.paths() if path.endswith(".pdf")]
    assert "A better abstract." in contents()["Study 3.html"]


def test_record_that_is_gone_is_removed(
    source: Source, archive: ScriptedArchive, run_once: Run, contents: Contents
) -> None:
    run_once(source)
    del archive.publications[3]
    assert run_once(source).removed == 1
    assert "Study 4.html" not in contents()


def test_record_marked_as_deleted_is_removed(
    archive: ScriptedArchive, make_source: Callable[..., Source], run_once: Run, contents: Contents
) -> None:
    source = make_source("oai", url=f"{archive.url}/oai", oai_set="", reads_files=False)
    run_once(source)
    archive.publications[4].is_deleted = True
    assert run_once(source).removed == 1
    archive.publications = []
    assert run_once(source).removed == 4
    assert contents() == {}


@pytest.mark.parametrize("kind", ["oai", "hal"])
def test_other_pages_are_no_archive(
    site: ScriptedSite, make_source: Callable[..., Source], run_once: Run, kind: str
) -> None:
    site.put("/", "<html><body>Welcome</body></html>")
    source = make_source(kind, url=f"{site.url}/", oai_set="", query="*:*", reads_files=True)
    run = run_once(source)
    assert (run.status, run.error_code) == ("failed", "invalid_answer")
