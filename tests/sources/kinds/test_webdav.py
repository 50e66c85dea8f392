"""A folder of a real WebDAV server: files that come, change and go."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

import pytest
from wsgidav.wsgidav_app import WsgiDAVApp

from sources.kinds.webdav import _folder_address
from sources.models import Source, SourceRun

pytestmark = pytest.mark.usefixtures("closed_connections")
Run = Callable[[Source], SourceRun]
Contents = Callable[[], dict[str, str]]


@dataclass
class Cloud:
    """A WebDAV server and the directory that it serves."""

    url: str
    folder: Path

    def put(self, name: str, text: str) -> None:
        """Write a file; its date and size make another ETag."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def cloud(tmp_path: Path, may_reach: Callable[[int], None]) -> Iterator[Cloud]:
    """A server with a user, and some files."""
    folder = tmp_path / "cloud"
    folder.mkdir()
    application = WsgiDAVApp(
        {
            "provider_mapping": {"/dav": str(folder)},
            "simple_dc": {"user_mapping": {"*": {"jane": {"password": "s3cret é"}}}},
            "http_authenticator": {
                "accept_basic": True,
                "accept_digest": False,
                "default_to_digest": False,
            },
            "logging": {"enable": False},
            "verbose": 0,
        }
    )
    with make_server("127.0.0.1", 0, application, handler_class=_Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        may_reach(server.server_port)
        served = Cloud(f"http://127.0.0.1:{server.server_port}/dav/", folder)
        served.put("Règlement été.txt", "The rules of the summer.")
        served.put("Minutes/2026/may.txt", "The minutes of May.")
        served.put("Minutes/film.bin", "Not a document")
        served.put("Minutes/.hidden.txt", "Hidden")
        yield served
        server.shutdown()
        thread.join()


@pytest.fixture
def source(cloud: Cloud, make_source: Callable[..., Source]) -> Source:
    secrets = {"password": "s3cret é"}
    return make_source("webdav", secrets, url=cloud.url, username="jane", recursive=True)


def test_files_of_a_folder_and_its_subfolders_become_documents(
    source: Source, run_once: Run, contents: Contents
) -> None:
    run = run_once(source)
    assert (run.status, run.added, run.failed) == ("done", 2, 0)
    assert contents() == {
        "Règlement été.txt": "The rules of the summer.",
        "Minutes/2026/may.txt": "The minutes of May.",
    }


def test_only_files_that_have_changed_are_fetched_and_gone_ones_removed(
    source: Source, cloud: Cloud, run_once: Run, contents: Contents
) -> None:
    run_once(source)
    cloud.put("Règlement été.txt", "The rules of the autumn, which are longer.")
    cloud.put("new.txt", "New.")
    (cloud.folder / "Minutes/2026/may.txt").unlink()
    run = run_once(source)
    assert (run.added, run.changed, run.unchanged, run.removed) == (1, 1, 0, 1)
    assert contents() == {
        "Règlement été.txt": "The rules of the autumn, which are longer.",
        "new.txt": "New.",
    }


def test_subfolders_may_be_left_out(
    cloud: Cloud, make_source: Callable[..., Source], run_once: Run, contents: Contents
) -> None:
    secrets = {"password": "s3cret é"}
    source = make_source("webdav", secrets, url=cloud.url, username="jane", recursive=False)
    run_once(source)
    assert set(contents()) == {"Règlement été.txt"}


@pytest.mark.parametrize(
    ("path", "username", "code"),
    [("", "jane", "access_denied"), ("", "", "access_denied"), ("nothing/", "", "access_denied")],
    ids=["wrong password", "no login", "no login elsewhere"],
)
def test_refused_login_fails_the_run(
    cloud: Cloud,
    make_source: Callable[..., Source],
    run_once: Run,
    path: str,
    username: str,
    code: str,
) -> None:
    secrets = {"password": "wrong"}
    url = cloud.url + path
    run = run_once(make_source("webdav", secrets, url=url, username=username, recursive=True))
    assert (run.status, run.error_code) == ("failed", code)


def test_folder_that_is_gone_fails_the_run_and_removes_nothing(
    source: Source, cloud: Cloud, run_once: Run, contents: Contents
) -> None:
    run_once(source)
    cloud.folder.rename(cloud.folder.with_name("elsewhere"))
    run = run_once(source)
    assert (run.status, run.error_code) == ("failed", "gone")
    assert len(contents()) == 2


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("https://cloud.example/s/aB3dEf", "https://cloud.example/public.php/dav/files/aB3dEf/"),
        (
            "https://cloud.example/index.php/s/aB3dEf/",
            "https://cloud.example/public.php/dav/files/aB3dEf/",
        ),
        (
            "https://cloud.example/remote.php/dav/files/jane/s/notes",
            "https://cloud.example/remote.php/dav/files/jane/s/notes/",
        ),
    ],
)
def test_link_that_shares_a_folder_of_nextcloud(url: str, folder: str) -> None:
    assert _folder_address(url)[0] == folder
