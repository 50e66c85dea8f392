"""Kill the web server with -9 while a file is being sent in pieces."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import suppress

import httpx
import pytest

from bench.stack import Stack
from tests.fixtures.waiting import wait_until
from tests.ingestion.resumable.sending import OCTETS, metadata

pytestmark = pytest.mark.crash

MIB = 1 << 20
# More than a piece, less than a third of the file.
SENT_BEFORE_KILL = 12 * MIB
# Text, so that a document comes of it; no two lines are the same.
CONTENT = b"".join(b"Ligne %012d du registre.\n" % number for number in range(1_600_000))
TUS = {"Tus-Resumable": "1.0.0"}


def offset_of(api: httpx.Client, url: str) -> int:
    """The offset that the site says, as soon as it answers."""
    found: list[int] = []

    def asked() -> bool:
        with suppress(httpx.HTTPError):
            response = api.get(url)
            if response.status_code == 200:
                found.append(int(response.headers["Upload-Offset"]))
        return bool(found)

    wait_until(asked)
    return found[0]


def send(stack: Stack, url: str, offset: int, killed: threading.Event | None) -> None:
    """Send what is missing, in one request; with ``killed``, some of it until the server is."""

    def pieces() -> Iterator[bytes]:
        for start in range(offset, len(CONTENT), MIB):
            if killed is not None and start - offset >= SENT_BEFORE_KILL:
                killed.wait(timeout=60)
            yield CONTENT[start : start + MIB]

    headers = TUS | {"Content-Type": OCTETS, "Upload-Offset": str(offset)}
    with suppress(httpx.HTTPError), stack.api() as api:
        api.patch(url, headers=headers, content=pieces(), timeout=60)


def test_file_is_whole_after_the_server_was_killed_while_it_came(stack: Stack) -> None:
    with stack.api() as api:
        announced = TUS | {
            "Upload-Length": str(len(CONTENT)),
            "Upload-Metadata": metadata(filename="registre.txt"),
        }
        created = api.post("/api/v1/uploads", headers=announced)
        assert created.status_code == 201, created.text
        url, acknowledged = created.headers["Location"], 0
        for _kill in range(3):
            killed, before = threading.Event(), acknowledged
            sender = threading.Thread(target=send, args=(stack, url, before, killed))
            sender.start()
            wait_until(lambda start=before: offset_of(api, url) > start)
            stack.kill("web")
            killed.set()
            sender.join()
            acknowledged = offset_of(api, url)
            assert before < acknowledged < len(CONTENT)
        while acknowledged < len(CONTENT):
            send(stack, url, acknowledged, None)
            acknowledged = offset_of(api, url)
        wait_until(lambda: api.get(url).json()["outcome"] not in ("receiving", "checking"))
        outcome = api.get(url).json()
        assert outcome["outcome"] == "stored", outcome
        document = api.get(f"/api/v1/documents/{outcome['document_id']}").json()
        assert document["sha256"] == hashlib.sha256(CONTENT).hexdigest()
        api.delete(f"/api/v1/documents/{outcome['document_id']}").raise_for_status()
