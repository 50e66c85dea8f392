"""Compare ingestion end to end with ``SentenceTransformer.encode`` alone; print JSON.

    python -m bench.ingestion [--documents 60] [--rounds 3]

Files (PDF, DOCX, HTML, Markdown) are uploaded by the API; the clock runs from the first upload
until all are ready. ``encode`` gets the same chunks, with the same OpenVINO settings, in a process
of its own while the stack idles. The two alternate, so that other load on the machine affects
both. ``cpu_ratio`` compares processor seconds a chunk, of the whole stack and of ``encode``: it is
the ratio to expect when only processor cores are scarce, and steadier on a shared machine.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

import psutil

from bench.answers import wait_until_ready
from bench.corpus import documents
from bench.stack import Stack, running_stack
from launcher.project import ROOT

BATCH_SIZES = (8, 32)  # 32 is the default of encode(), 8 its best on two cores

_CHUNKS = """
import json
from inference.embedding.folder import prepared_folder
from django.conf import settings
from ingestion.chunking import embedding_text
from ingestion.models import Chunk
from instances.models import Instance
from instances.tenancy import tenant
instance = Instance.objects.get(slug="{slug}")
with tenant(instance):
    chunks = Chunk.objects.for_instance(instance).select_related("document")
    texts = [
        settings.EMBEDDING_PASSAGE_PREFIX
        + embedding_text(chunk.document.title or chunk.document.name, chunk.heading, chunk.text)
        for chunk in chunks.order_by("document", "position")
    ]
folder = prepared_folder(settings.MODELS_DIR, settings.EMBEDDING_MODEL)
print(json.dumps({{"folder": str(folder), "texts": texts}}))
"""

_ENCODE = """
import json, sys
from time import perf_counter, process_time
from sentence_transformers import SentenceTransformer
from inference.model_server.processor import precision_hint
given = json.load(open(sys.argv[1]))
hints = {"INFERENCE_PRECISION_HINT": precision_hint()}
model = SentenceTransformer(
    given["folder"], device="cpu", backend="openvino", model_kwargs={"ov_config": hints}
)
model.encode(given["texts"][:32])
measured = {}
for size in json.loads(sys.argv[2]):
    started, cpu_started = perf_counter(), process_time()
    model.encode(given["texts"], batch_size=size)
    measured[size] = [perf_counter() - started, process_time() - cpu_started]
print(json.dumps(measured))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    files = documents(options.documents)
    with running_stack() as stack, tempfile.TemporaryDirectory() as folder:
        ingest(stack, files[:4])  # the workers' first file starts the parser's process
        report = measure(stack, files, options.rounds, Path(folder, "chunks.json"))
    print(json.dumps(report, indent=2))


def measure(
    stack: Stack, files: list[tuple[str, bytes]], rounds: int, chunks: Path
) -> dict[str, object]:
    """Chunks a second of both, and the ratio of each round."""
    ours: list[float] = []
    encode: dict[str, list[float]] = {str(size): [] for size in BATCH_SIZES}
    cpu_ratios = []
    for _ in range(rounds):
        seconds, cpu_seconds = ingest(stack, files)
        chunks.write_text(stack.shell(_CHUNKS.format(slug=stack.tenancy.slug)))
        n_chunks = len(json.loads(chunks.read_text())["texts"])
        ours.append(n_chunks / seconds)
        alone = encode_seconds(chunks)
        for size, (wall_s, _) in alone.items():
            encode[size].append(n_chunks / wall_s)
        cpu_ratios.append(min(cpu_s for _, cpu_s in alone.values()) / cpu_seconds)
    best = [max(rates) for rates in zip(*encode.values(), strict=True)]
    ratios = [own / rate for own, rate in zip(ours, best, strict=True)]
    return {
        "documents": len(files),
        "chunks": n_chunks,
        "ingestion_chunks_per_s": [round(rate, 1) for rate in ours],
        "encode_chunks_per_s": {
            size: [round(rate, 1) for rate in rates] for size, rates in encode.items()
        },
        "ratios_to_best_encode": [round(ratio, 3) for ratio in ratios],
        "ratio": round(statistics.median(ratios), 3),
        "cpu_ratio": round(statistics.median(cpu_ratios), 3),
    }


def ingest(stack: Stack, files: list[tuple[str, bytes]]) -> tuple[float, float]:
    """Seconds, and processor seconds, from the first upload until all files are ready.

    Existing documents are deleted first.
    """
    with stack.api() as api:
        for document in api.get("/api/v1/documents").json():
            api.delete(f"/api/v1/documents/{document['id']}").raise_for_status()
        started, cpu_started = perf_counter(), cpu_seconds_of(stack)
        for name, content in files:
            api.post("/api/v1/documents", files={"file": (name, content)}).raise_for_status()
        wait_until_ready(stack)
        return perf_counter() - started, cpu_seconds_of(stack) - cpu_started


def cpu_seconds_of(stack: Stack) -> float:
    """Of all processes of the stack, and of their children that have ended."""
    return sum(sum(psutil.Process(pid).cpu_times()[:4]) for pid in stack.pids())


def encode_seconds(chunks: Path) -> dict[str, tuple[float, float]]:
    """Seconds, and processor seconds, of ``encode`` alone, by batch size."""
    result = subprocess.run(
        [sys.executable, "-c", _ENCODE, str(chunks), json.dumps(BATCH_SIZES)],
        cwd=ROOT,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    measured: dict[str, tuple[float, float]] = json.loads(result.stdout.splitlines()[-1])
    return measured


if __name__ == "__main__":
    main()
