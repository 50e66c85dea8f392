"""Thirty files, and checks of the final state."""

import json
import time
import zipfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO

import httpx

from bench.stack import Stack

N_FILES = 30
# One file that cannot be read, with its reason.
BROKEN = ("broken.pdf", b"%PDF-1.7\nnothing of a PDF follows", "corrupt")
PATIENCE_S = 300.0  # a limit for busy machines
POLL_S = 0.2

_STATE = """
import json
from django.db.models import Count, Sum
from chat.models import Message
from ingestion.models import Chunk, CorpusStatistics, Document
from instances.models import Instance
from instances.tenancy import tenant
from usage.models import UsageRecord
instance = Instance.objects.get(slug="{slug}")
with tenant(instance):
    documents = Document.objects.for_instance(instance)
    number = instance.index_generation
    chunks = Chunk.objects.for_instance(instance).filter(generation=number)
    doubled = chunks.values("document", "position").annotate(n=Count("pk")).filter(n__gt=1)
    statistics = CorpusStatistics.objects.for_instance(instance).filter(generation=number).first()
    print(json.dumps(dict(
        documents=documents.count(),
        statuses=list(documents.order_by("name").values_list("name", "status", "error_code")),
        told_chunks=documents.aggregate(n=Sum("chunks"))["n"] or 0,
        chunks=chunks.count(),
        searchable_chunks=chunks.filter(embedding__isnull=False, terms__isnull=False).count(),
        doubled_chunks=doubled.count(),
        counted_chunks=statistics.chunk_count if statistics else 0,
    )))
"""


@dataclass(frozen=True)
class LibraryState:
    """What the database holds of an instance's documents."""

    documents: int
    statuses: list[tuple[str, str, str]]
    told_chunks: int
    chunks: int
    searchable_chunks: int
    doubled_chunks: int
    counted_chunks: int


def files(batch: str) -> list[tuple[str, bytes]]:
    """Thirty files whose bytes no other batch has; the last one is broken."""
    texts = [
        (
            f"{batch}-{number:02}.md",
            "\n\n".join(
                f"## Article {article}\n\nLe règlement {batch} numéro {number} accorde "
                f"{number * 10 + article} jours de congé aux agents du service {article}, sur "
                f"demande écrite adressée au directeur avant la fin du mois. " * 8
                for article in range(6)
            ).encode(),
        )
        for number in range(N_FILES - 1)
    ]
    name, content, _ = BROKEN
    return [*texts, (f"{batch}-{name}", content + batch.encode())]


def upload(stack: Stack, batch: str) -> None:
    """Upload a batch through the API, as a program does."""
    with stack.api() as api:
        for name, content in files(batch):
            response = api.post("/api/v1/documents", files={"file": (name, content)})
            assert response.status_code == 201, response.text


def upload_archive(stack: Stack, batch: str) -> None:
    """Upload a batch as one zip through the API."""
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, data in files(batch):
            archive.writestr(name, data)
    with stack.api() as api:
        given = {"file": (f"{batch}.zip", content.getvalue())}
        response = api.post("/api/v1/documents", files=given)
        assert response.status_code == 201, response.text


def wait_for_documents(stack: Stack, number: int) -> None:
    """Wait until there are so many documents."""
    with stack.api() as api:
        _wait(lambda: _count(api, "") >= number, "the middle")


def wait_until_under_way(stack: Stack) -> None:
    """Wait until some documents are ready and others are not."""
    with stack.api() as api:
        _wait(lambda: _count(api, "ready") > 2 and _unfinished(api) > 5, "the middle")


def wait_until_settled(stack: Stack) -> None:
    """Wait until every document is ready or failed, even if the site restarts meanwhile."""
    with stack.api() as api:
        _wait(lambda: _unfinished(api) == 0, "the end")


def library_state(stack: Stack) -> LibraryState:
    """Read the database."""
    return LibraryState(**json.loads(stack.shell(_STATE.format(slug=stack.tenancy.slug))))


def check_nothing_lost_nothing_doubled(stack: Stack, batches: list[str]) -> None:
    """Every file exists once and is finished, each chunk exists once, and the counters match."""
    state = library_state(stack)
    expected = sorted(
        (name, "failed" if name.endswith(BROKEN[0]) else "ready")
        for batch in batches
        for name, _ in files(batch)
    )
    assert [(name, status) for name, status, _ in state.statuses] == expected
    assert {code for _, status, code in state.statuses if status == "failed"} <= {BROKEN[2]}
    assert {code for _, status, code in state.statuses if status == "ready"} == {""}
    assert state.doubled_chunks == 0
    assert state.chunks == state.told_chunks == state.searchable_chunks == state.counted_chunks


def _unfinished(api: httpx.Client) -> int:
    return sum(_count(api, status) for status in ("queued", "parsing", "embedding"))


def _count(api: httpx.Client, status: str) -> int:
    response = api.get("/api/v1/documents", params={"status": status, "limit": 1})
    response.raise_for_status()
    return int(response.headers["X-Total-Count"])


def _wait(condition: Callable[[], bool], what: str) -> None:
    """Poll until the condition is true; errors of the site are ignored."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        with suppress(httpx.HTTPError):
            if condition():
                return
        time.sleep(POLL_S)
    raise TimeoutError(f"{what} has not come in {PATIENCE_S} s")
