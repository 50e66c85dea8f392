"""A Moodle course: its files and pages, by its web services."""

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

TOKEN = "s3cret"


@dataclass
class ScriptedMoodle(ScriptedSite):
    """The web services of Moodle, with one course; errors have the status of a success."""

    files: dict[str, tuple[str, int]] = field(default_factory=dict)

    def answer(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Page:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        path = urlsplit(path).path
        if path == "/webservice/rest/server.php":
            return self._json(self._called(form))
        if form.get("token") != "s3cret":
            return self._json({"errorcode": "invalidtoken", "error": "Invalid token"})
        name = path.rpartition("/")[2]
        if name in self.files:
            return Page(self.files[name][0].encode(), "text/plain")
        return Page(b"", status=404)

    def _json(self, value: object) -> Page:
        return Page(json.dumps(value).encode(), "application/json")

    def _called(self, form: dict[str, str]) -> object:
        if form.get("wstoken") != "s3cret":
            return {"exception": "moodle_exception", "errorcode": "invalidtoken"}
        if form.get("courseid") != "42":
            return {"exception": "dml_missing_record_exception", "errorcode": "invalidrecord"}
        contents = [
            {
                "type": "file",
                "filename": name,
                "filepath": "/",
                "fileurl": f"{self.url}/webservice/pluginfile.php/1/mod/content/0/{name}",
                "timemodified": dated,
                "filesize": len(text),
            }
            for name, (text, dated) in self.files.items()
        ]
        contents.append({"type": "url", "filename": "A link", "fileurl": "https://x.example/"})
        module = {"id": 7, "name": "First course", "url": f"{self.url}/mod/7", "contents": contents}
        label = {"id": 8, "name": "A label"}
        return [{"id": 1, "name": "Week 1", "modules": [module, label]}]


@pytest.fixture
def moodle(may_reach: Callable[[int], None]) -> Iterator[ScriptedMoodle]:
    """A course with a file and a page."""
    files = {"slides.txt": ("The slides.", 1), "index.html": ("<p>The page.</p>", 1)}
    with serving(ScriptedMoodle(files=files)) as served:
        assert isinstance(served, ScriptedMoodle)
        may_reach(served.port)
        yield served


@pytest.fixture
def course(moodle: ScriptedMoodle, make_source: Callable[..., Source]) -> Callable[..., Source]:
    def make(token: str = TOKEN, **changed: Any) -> Source:
        options = {"url": moodle.url, "course": 42} | changed
        return make_source("moodle", {"token": token}, **options)

    return make


def test_files_and_pages_become_documents(
    course: Callable[..., Source], moodle: ScriptedMoodle, run_once: Run, contents: Contents
) -> None:
    run = run_once(course())
    assert (run.status, run.added) == ("done", 2)
    assert contents() == {
        "Week 1/slides.txt": "The slides.",
        "Week 1/First course.html": "<p>The page.</p>",
    }
    # The token is in no address, which servers write to their logs.
    assert not any("s3cret" in path for _method, path, *_ in moodle.requests)


def test_only_files_that_have_changed_are_fetched(
    course: Callable[..., Source], moodle: ScriptedMoodle, run_once: Run, contents: Contents
) -> None:
    source = course()
    run_once(source)
    moodle.files = {"slides.txt": ("Better slides.", 2)}
    moodle.requests.clear()
    run = run_once(source)
    assert (run.changed, run.removed) == (1, 1)
    assert len(moodle.requests) == 2
    assert contents() == {"Week 1/slides.txt": "Better slides."}


@pytest.mark.parametrize(
    ("changed", "code"),
    [({"token": "wrong"}, "access_denied"), ({"course": 43}, "invalid_answer")],
    ids=["wrong token", "no such course"],
)
def test_error_of_moodle_fails_the_run(
    course: Callable[..., Source], run_once: Run, changed: dict[str, Any], code: str
) -> None:
    run = run_once(course(**changed))
    assert (run.status, run.error_code) == ("failed", code)


def test_token_is_not_sent_to_another_server(
    course: Callable[..., Source],
    moodle: ScriptedMoodle,
    site: ScriptedSite,
    run_once: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    called = moodle._called
    monkeypatch.setattr(
        moodle,
        "_called",
        lambda form: json.loads(json.dumps(called(form)).replace(moodle.url, site.url)),
    )
    run = run_once(course())
    assert (run.failed, run.added) == (2, 0)
    assert site.requests == []
