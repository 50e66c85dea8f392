"""Compare the model server with `SentenceTransformer.encode` alone; print JSON.

    python -m bench.embedding [--models var/models] [--texts FILE.jsonl] [--passages 400]

Same passages, same machine, same OpenVINO settings. The two alternate, so that the load of other
programs affects both. `FILE.jsonl` is a BEIR corpus ({"text": …} a line); by default passages are
made up. Rates are given by the clock and by CPU time, which a busy machine disturbs less.

Then: a question's time when nothing else runs, and while passages are being embedded; how
long the server takes to start, and its memory.
"""

import argparse
import json
import os
import random
import re
import statistics
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import psutil

from inference.embedding.client import EmbeddingClient
from inference.embedding.folder import prepared_folder
from inference.embedding.vectors import Vectors
from inference.model_server.processor import precision_hint
from instances.models import Sensitivity
from tests.fixtures.models import ModelServer, serve_models

BATCH_SIZES = (8, 32)  # of encode(): 32 is its default, 8 its best on two cores
QUESTION = "Quels sont les délais pour déposer une demande de bourse ?"
WORDS = "le règlement des études précise les conditions de la demande avant tout examen"
N_QUESTIONS = 60
TURN = 100  # passages that each embeds before the other continues


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=Path("var/models"))
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--passages", type=int, default=400)
    options = parser.parse_args()
    texts = read_texts(options.texts, options.passages)
    started = perf_counter()
    with (
        tempfile.TemporaryDirectory() as folder,
        serve_models(options.models, Path(folder, "log")) as server,
    ):
        start_s = perf_counter() - started
        report = {"start_s": round(start_s, 2), "memory_mb_idle": memory_mb(server)}
        report |= compare_rates(server, prepared_folder(options.models), texts)
        report |= question_times(server, texts)
        report["memory_mb_after"] = memory_mb(server)
    print(json.dumps(report, indent=2))


def read_texts(corpus: Path | None, n_texts: int) -> list[str]:
    if corpus:
        lines = corpus.read_text().splitlines()[:n_texts]
        return [json.loads(line)["text"] for line in lines]
    words = re.findall(r"\w+", WORDS)
    chance = random.Random(1)
    return [
        " ".join(chance.choice(words) for _ in range(chance.randint(40, 180)))
        for _ in range(n_texts)
    ]


@dataclass
class Effort:
    """Time and processor time that one of the two has used so far."""

    wall_s: float = 0.0
    cpu_s: float = 0.0

    def add(self, processes: list[psutil.Process], work: Callable[[], Vectors]) -> Vectors:
        """Run `work`, which computes in `processes`."""
        cpu_s, start = cpu_seconds(processes), perf_counter()
        vectors = work()
        self.wall_s += perf_counter() - start
        self.cpu_s += cpu_seconds(processes) - cpu_s
        return vectors

    def per_passage(self, n_passages: int) -> dict[str, float]:
        return {
            "passages_per_s": round(n_passages / self.wall_s, 1),
            "cpu_ms_per_passage": round(1000 * self.cpu_s / n_passages, 1),
        }


def cpu_seconds(processes: list[psutil.Process]) -> float:
    times = [process.cpu_times() for process in processes]
    return sum(each.user + each.system for each in times)


def compare_rates(server: ModelServer, folder: Path, texts: list[str]) -> dict[str, Any]:
    """Rates by the clock and by CPU time, and whether the vectors are the same."""
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(
        str(folder),
        device="cpu",
        backend="openvino",
        model_kwargs={"ov_config": {"INFERENCE_PRECISION_HINT": precision_hint()}},
    )
    client = EmbeddingClient(server.endpoint)
    efforts = {name: Effort() for name in ("server", *(f"encode_{n}" for n in BATCH_SIZES))}
    here, there = psutil.Process(), psutil.Process(server.process.pid)
    lowest_cosine = 1.0
    for texts_of_turn in [texts[start : start + TURN] for start in range(0, len(texts), TURN)]:
        prefixed = ["passage: " + text for text in texts_of_turn]
        ours = efforts["server"].add(
            [here, there],
            partial(client.embed_passages, texts_of_turn, sensitivity=Sensitivity.INTERNAL),
        )
        for size in BATCH_SIZES:
            work = partial(reference.encode, prefixed, batch_size=size)
            theirs = efforts[f"encode_{size}"].add([here], work)
        lowest_cosine = min(lowest_cosine, float(np.sum(ours.vectors * theirs, axis=1).min()))
    ours_spent = efforts["server"]
    others = [efforts[f"encode_{size}"] for size in BATCH_SIZES]
    return {
        "passages": len(texts),
        "mean_characters": round(statistics.mean(map(len, texts))),
        "rates": {name: effort.per_passage(len(texts)) for name, effort in efforts.items()},
        "rate_to_best_encode": round(min(each.wall_s for each in others) / ours_spent.wall_s, 3),
        "cpu_rate_to_best_encode": round(min(each.cpu_s for each in others) / ours_spent.cpu_s, 3),
        "lowest_cosine_to_encode": round(lowest_cosine, 5),
    }


def question_times(server: ModelServer, texts: list[str]) -> dict[str, Any]:
    """Milliseconds to embed a question: alone, then while passages keep coming."""
    client = EmbeddingClient(server.endpoint)
    alone = [question_ms(client) for _ in range(N_QUESTIONS)]
    stop = threading.Event()

    def upload() -> None:
        while not stop.is_set():
            client.embed_passages(texts[:128], sensitivity=Sensitivity.INTERNAL)

    uploads = [threading.Thread(target=upload) for _ in range(2)]
    for thread in uploads:
        thread.start()
    busy = [question_ms(client) for _ in range(N_QUESTIONS)]
    stop.set()
    for thread in uploads:
        thread.join()
    return {"question_ms_alone": quantiles(alone), "question_ms_during_ingestion": quantiles(busy)}


def question_ms(client: EmbeddingClient) -> float:
    start = perf_counter()
    client.embed_query(QUESTION, sensitivity=Sensitivity.INTERNAL)
    return (perf_counter() - start) * 1000


def quantiles(values: list[float]) -> dict[str, float]:
    cuts = statistics.quantiles(values, n=20)
    return {"p50": round(statistics.median(values), 1), "p95": round(cuts[18], 1)}


def memory_mb(server: ModelServer) -> dict[str, int]:
    """Proportional and anonymous memory; the rest of the first is the weights' file, mapped."""
    info = psutil.Process(server.process.pid).memory_full_info()
    rollup = Path(f"/proc/{server.process.pid}/smaps_rollup").read_text().split()
    anonymous_kb = int(rollup[rollup.index("Anonymous:") + 1])
    return {"pss": info.pss // 2**20, "anonymous": anonymous_kb // 2**10}


if __name__ == "__main__":
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    main()
