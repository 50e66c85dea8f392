"""Files in pieces: throughput and memory of a large file, and fairness beside ten thousand.

    python -m bench.scale.uploads [WAITING] [LARGE_MB] [SENT]

1. A file of LARGE_MB (2000), sent in one request of the tus protocol: MB/s until its last byte is
   acknowledged, seconds until its outcome, and by how much the memory of the web server grew.
2. SENT (1000) small files of one instance, sent by four connections: files a second.
3. One file of another instance: seconds until it is ready, alone, and while WAITING (10000) files
   of the first wait; they are put there by the application itself.
"""

import base64
import json
import statistics
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx

from bench.stack import POLL_S, Stack, running_stack

OCTETS = "application/offset+octet-stream"
SENDERS = 4
REPEATS = 5
# A bounded time, of which a busy machine takes a part.
PATIENCE_S = 600.0


_FILL = """
from io import BytesIO
from ingestion import uploads
from instances.models import Instance
from instances.tenancy import tenant
instance = Instance.objects.get(slug="{slug}")
for start in range(0, {n}, 100):
    with tenant(instance):
        for number in range(start, min(start + 100, {n})):
            text = f"Pièce {{number}} du dossier. Elle est déposée à neuf heures.\\n" * 5
            uploads.store_upload(
                instance=instance, user=None, name=f"{{number}}.txt", content=BytesIO(text.encode())
            )
"""


def main() -> None:
    """Measure, and print JSON."""
    given = [int(argument) for argument in sys.argv[1:]]
    n_waiting, large_mb, n_sent = [*given, *(10_000, 2_000, 1_000)[len(given) :]]
    limits = {"MAX_RESUMABLE_BYTES": str(large_mb * 1_000_000)}
    with running_stack(env=limits) as stack:
        figures = measure_large(stack, large_mb * 1_000_000)
        many = stack.tenancy
        one = stack.add_people(slug="autre")
        figures["alone_s"] = median_of_ready(stack, "alone")
        stack.tenancy = many
        figures |= send_many(stack, n_sent)
        stack.shell(_FILL.format(slug=many.slug, n=n_waiting))
        figures["waiting"] = waiting(stack)
        stack.tenancy = one
        figures["beside_many_s"] = median_of_ready(stack, "beside")
        stack.tenancy = many
        figures["still_waiting"] = waiting(stack)
    print(json.dumps(figures, indent=2))


def measure_large(stack: Stack, length: int) -> dict[str, float]:
    """Send a large file that is no document, so that nothing is parsed afterwards."""

    def pieces() -> Iterator[bytes]:
        block = b"8BPS\0\1" + bytes(range(250)) * 4194
        sent = 0
        while sent < length:
            piece = block[: min(len(block), length - sent)]
            sent += len(piece)
            yield piece

    tus = {"Tus-Resumable": "1.0.0"}
    with stack.api() as api, peak_of_web(stack) as grown:
        announced = tus | {"Upload-Length": str(length)}
        url = api.post("/api/v1/uploads", headers=announced).raise_for_status().headers["Location"]
        headers = tus | {"Content-Type": OCTETS, "Upload-Offset": "0"}
        started = time.perf_counter()
        received: list[float] = []

        def watch() -> None:
            while not received:
                with stack.api() as other:
                    if other.get(url).json()["offset_bytes"] == length:
                        received.append(time.perf_counter() - started)
                time.sleep(0.1)

        watcher = threading.Thread(target=watch)
        watcher.start()
        api.patch(url, headers=headers, content=pieces(), timeout=PATIENCE_S).raise_for_status()
        watcher.join()
        ended = time.perf_counter() - started
        assert api.get(url).json()["outcome"] == "refused"
    return {
        "large_mb": length / 1e6,
        "large_mb_per_s": round(length / 1e6 / received[0], 1),
        "large_outcome_s": round(ended - received[0], 2),
        "web_memory_grew_mb": round(grown[0], 1),
    }


@contextmanager
def peak_of_web(stack: Stack) -> Iterator[list[float]]:
    """Watch the resident memory of the web server; the list gets by how many MB it grew."""
    before, peak, stop = memory_mb(stack), [0.0], threading.Event()

    def watch() -> None:
        while not stop.wait(0.1):
            peak[0] = max(peak[0], memory_mb(stack) - before)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield peak
    finally:
        stop.set()
        thread.join()


def memory_mb(stack: Stack) -> float:
    """The anonymous resident memory of all web processes."""
    total = 0
    for pid in stack.pids("web"):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon:"):
                total += int(line.split()[1])
    return total / 1024


def send_many(stack: Stack, n_files: int) -> dict[str, float]:
    """Send small files as the page does: each in one request, with its announcement."""

    def send(numbers: range) -> None:
        with stack.api() as api:
            for number in numbers:
                send_small(api, f"note-{number}.txt", number)

    started = time.perf_counter()
    with ThreadPoolExecutor(SENDERS) as pool:
        list(pool.map(send, [range(k, n_files, SENDERS) for k in range(SENDERS)]))
    seconds = time.perf_counter() - started
    return {"files": n_files, "files_per_s": round(n_files / seconds, 1)}


def send_small(api: httpx.Client, name: str, number: int | str) -> str:
    """Send a small file; return the id of its document."""
    text = f"Note {number}. La séance {number} est ouverte à neuf heures par le doyen.\n" * 5
    headers = {
        "Tus-Resumable": "1.0.0",
        "Upload-Length": str(len(text.encode())),
        "Upload-Metadata": f"filename {base64.b64encode(name.encode()).decode()}",
        "Content-Type": OCTETS,
    }
    answer = api.post("/api/v1/uploads", headers=headers, content=text.encode())
    return str(answer.raise_for_status().json()["document_id"])


def median_of_ready(stack: Stack, label: str) -> float:
    """The median of the seconds from sending a file until its document is ready."""
    times = []
    with stack.api() as api:
        for number in range(REPEATS):
            started = time.perf_counter()
            document = send_small(api, f"{label}-{number}.txt", f"{label} {number}")
            while api.get(f"/api/v1/documents/{document}").json()["status"] != "ready":
                assert time.perf_counter() - started < PATIENCE_S
                time.sleep(POLL_S)
            times.append(time.perf_counter() - started)
    return round(statistics.median(times), 2)


def waiting(stack: Stack) -> int:
    """The documents of the instance that are not ready."""
    total = 0
    with stack.api() as api:
        for status in ("queued", "parsing", "embedding"):
            response = api.get("/api/v1/documents", params={"status": status, "limit": 1})
            total += int(response.headers["X-Total-Count"])
    return total


if __name__ == "__main__":
    main()
