"""Search in large instances: ``python -m bench.scale.large_instances --chunks 100000 1000000``.

Fills an instance of each size with generated passages, builds its approximate index, and searches.
Prints JSON: milliseconds of the ranking (candidates and statement; without the embedding of the
question), processor milliseconds of the PostgreSQL process and of this one, recall@10 of the
ranking against the exact one, and the seconds that the build took. ``--others N`` adds N instances
of 4,000 chunks in the same tables. Needs the environment of ``./run``; the instances are deleted
afterwards.

Vectors are a mean, a subject out of 100, a theme out of 20 of each subject, and a part of their
own, whose variances decay with the dimension: the cosine of two passages is .78 (σ .05), that of a
question with its passage .95. Half of the words of a passage come from the 400 of its theme. A
question is the vector of a passage with noise, and five of its forty rarest words.
"""

import argparse
import json
import os
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import numpy as np
from numpy.typing import NDArray

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")
django.setup()

# What follows needs Django's applications (E402).
from django.db import connection  # noqa: E402

from ingestion.indexing import lexical, statistics  # noqa: E402
from ingestion.indexing.generations import active_index  # noqa: E402
from ingestion.indexing.shards.building import build  # noqa: E402
from ingestion.models import TERM_SPACE, Document, stored_path  # noqa: E402
from instances.models import Instance, Organisation  # noqa: E402
from instances.tenancy import tenant  # noqa: E402
from retrieval import ranking  # noqa: E402

DIMENSIONS = 384
SUBJECTS, THEMES = 100, 2_000
VOCABULARY, THEME_WORDS, PASSAGE_WORDS = 200_000, 400, 90
PASSAGES_A_DOCUMENT = 2_000
CHUNKS_OF_OTHERS = 4_000
DEPTH = 10
_COLUMNS = (
    "instance_id, document_id, position, text, heading, page_start, page_end, char_start, char_end,"
    " token_count, embedding, terms"
)
_TABLES = ("shardlist", "indexshard", "chunk", "document", "corpusstatistics", "termstatistics")


class World:
    """What passages and questions are drawn from, the same at every run."""

    def __init__(self) -> None:
        self.random = np.random.default_rng(43)
        spectrum = (np.arange(1, DIMENSIONS + 1) ** -0.5).astype(np.float32)
        self.spectrum = spectrum / np.sqrt((spectrum**2).sum())
        self.mean = self._noise(1)[0] * 0 + np.float32(1 / np.sqrt(DIMENSIONS))
        subjects = 0.30 * self._noise(SUBJECTS)
        self.themes = subjects[np.arange(THEMES) % SUBJECTS] + 0.26 * self._noise(THEMES)
        law = 1 / np.arange(1, VOCABULARY + 1)
        self.cumulated = np.cumsum(law / law.sum())
        law = 1 / np.arange(1, THEME_WORDS + 1) ** 0.7
        self.theme_cumulated = np.cumsum(law / law.sum())
        self.theme_words = self.random.integers(200, VOCABULARY, size=(THEMES, THEME_WORDS))
        # Some words in ten thousand share their hash with another.
        by_term = {next(iter(lexical.analyse(f"mot{n}"))): f"mot{n}" for n in range(2 * VOCABULARY)}
        self.words = np.array(list(by_term.values())[:VOCABULARY])
        self.terms = np.array(list(by_term)[:VOCABULARY])

    def _noise(self, n: int) -> NDArray[np.float32]:
        return self.random.standard_normal((n, DIMENSIONS), dtype=np.float32) * self.spectrum

    def vectors(self, themes: NDArray[Any]) -> NDArray[np.float32]:
        """Return one vector for each theme given, ``(n, dim)``, L2-normalised."""
        return normalised(self.mean + self.themes[themes] + 0.36 * self._noise(len(themes)))

    def near(self, vectors: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return vectors of questions about passages."""
        return normalised(vectors + 0.33 * self._noise(len(vectors)))

    def passages(self, themes: NDArray[Any]) -> NDArray[np.int64]:
        """Return the words of one passage for each theme given, ``(n, PASSAGE_WORDS)``."""
        half = PASSAGE_WORDS // 2
        general = np.searchsorted(self.cumulated, self.random.random((len(themes), half)))
        places = np.searchsorted(self.theme_cumulated, self.random.random((len(themes), half)))
        special = self.theme_words[themes[:, None], places]
        return np.minimum(np.concatenate([general, special], axis=1), VOCABULARY - 1)


def normalised(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chunks", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--others", type=int, default=0)
    parser.add_argument("--questions", type=int, default=100)
    options = parser.parse_args()
    organisation, _ = Organisation.objects.get_or_create(slug="bench", defaults={"name": "Bench"})
    world = World()
    made: list[Instance] = []
    try:
        for _number in range(options.others):
            made.append(new_instance(organisation))
            fill(made[-1], world, CHUNKS_OF_OTHERS)
        for n_chunks in options.chunks:
            instance = new_instance(organisation)
            made.append(instance)
            asked = fill(instance, world, n_chunks)
            began = time.perf_counter()
            added = build(instance.pk, active_index(instance)) if n_chunks >= 20_000 else 0
            figures = {"chunks": n_chunks, "others": options.others, "indexed": added}
            figures |= {"build_s": round(time.perf_counter() - began, 1)}
            vacuum()
            figures |= measure(instance, world, asked, options.questions)
            print(json.dumps(figures), flush=True)
    finally:
        for instance in made:
            empty(instance)


def new_instance(organisation: Organisation) -> Instance:
    slug = f"bench-{time.time_ns()}"
    return Instance.objects.create(organisation=organisation, slug=slug, name="Bench")


def fill(
    instance: Instance, world: World, n_chunks: int
) -> list[tuple[NDArray[np.float32], NDArray[np.int64]]]:
    """Store visible passages; return vectors and words of a hundredth of them."""
    frequencies = np.zeros(VOCABULARY, np.int64)
    asked = []
    for start in range(0, n_chunks, PASSAGES_A_DOCUMENT):
        n = min(PASSAGES_A_DOCUMENT, n_chunks - start)
        themes = world.random.integers(THEMES, size=n)
        vectors, words = world.vectors(themes), world.passages(themes)
        asked += [(vectors[i], words[i]) for i in range(0, n, 100)]
        with tenant(instance):
            document = Document(
                instance=instance, name=f"{start}.txt", media_type="text/plain", size_bytes=1,
                sha256=f"{instance.pk}-{start}", status=Document.Status.READY, chunks=n,
            )  # fmt: skip
            document.file.name = stored_path(document, document.name)
            document.save(force_insert=True)
            copy(instance, document, world, vectors, words, frequencies)
    with tenant(instance), connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO ingestion_corpusstatistics (instance_id, chunk_count) VALUES (%s, %s)",
            [instance.pk, n_chunks],
        )
        used = np.flatnonzero(frequencies)
        cursor.execute(
            "INSERT INTO ingestion_termstatistics (instance_id, term, document_frequency)"
            " SELECT %s, * FROM unnest(%s::int[], %s::int[])",
            [instance.pk, world.terms[used].tolist(), frequencies[used].tolist()],
        )
        statistics._estimate_cosines(instance.pk)
    return asked


def copy(
    instance: Instance,
    document: Document,
    world: World,
    vectors: NDArray[np.float32],
    words: NDArray[np.int64],
    frequencies: NDArray[np.int64],
) -> None:
    """Send the rows in PostgreSQL's binary format, which row security does not admit directly."""
    with connection.cursor() as wrapper:
        wrapper.execute(
            f"CREATE TEMPORARY TABLE bench_rows ON COMMIT DROP AS"
            f" SELECT {_COLUMNS} FROM ingestion_chunk LIMIT 0"
        )
        raw: Any = wrapper.connection.cursor()
        with raw as cursor:
            with cursor.copy("COPY bench_rows FROM STDIN (FORMAT binary)") as stream:
                stream.write(b"PGCOPY\n\xff\r\n\x00" + bytes(8))
                for row in rows(instance, document, world, vectors, words, frequencies):
                    stream.write(row)
                stream.write(b"\xff\xff")
            cursor.execute(
                f"INSERT INTO ingestion_chunk ({_COLUMNS}) SELECT {_COLUMNS} FROM bench_rows"
            )


def rows(
    instance: Instance,
    document: Document,
    world: World,
    vectors: NDArray[np.float32],
    words: NDArray[np.int64],
    frequencies: NDArray[np.int64],
) -> Iterator[bytes]:
    """Yield each passage as a row of COPY."""
    halves = vectors.astype(">f2")
    for position in range(len(vectors)):
        used, counts = np.unique(words[position], return_counts=True)
        frequencies[used] += 1
        norm = lexical.K1 * (1 - lexical.B + lexical.B * PASSAGE_WORDS / lexical.TYPICAL_LENGTH)
        weights = counts * lexical.SATURATION / (counts + norm)
        terms = world.terms[used]
        order = np.argsort(terms)
        sparse = struct.pack(">iii", TERM_SPACE, len(used), 0)
        sparse += terms[order].astype(">i4").tobytes() + weights[order].astype(">f4").tobytes()
        values = [
            struct.pack(">q", instance.pk), document.pk.bytes, struct.pack(">i", position),
            " ".join(world.words[words[position]]).encode(), b"",
            *[struct.pack(">i", 1)] * 4, struct.pack(">i", PASSAGE_WORDS),
            struct.pack(">hh", DIMENSIONS, 0) + halves[position].tobytes(), sparse,
        ]  # fmt: skip
        yield struct.pack(">h", len(values)) + b"".join(
            struct.pack(">i", len(value)) + value for value in values
        )


def vacuum() -> None:
    """As autovacuum does it sooner or later: plans need the sizes of the tables."""
    for table in _TABLES:
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE ingestion_{table}")


def measure(
    instance: Instance,
    world: World,
    asked: list[tuple[NDArray[np.float32], NDArray[np.int64]]],
    n_questions: int,
) -> dict[str, Any]:
    """Ask, with the index and exactly."""
    waited, computed, own, recalls = [], [], [], []
    chosen = world.random.integers(len(asked), size=n_questions + 5)
    exact_ms = []
    for number, i in enumerate(chosen):
        passage, words = asked[int(i)]
        vector = world.near(passage[None])[0]
        rare = np.sort(words)[-40:]
        text = " ".join(world.words[world.random.choice(rare, 5, replace=False)])
        with tenant(instance):
            query = ranking.prepare_query(instance=instance, query=text, embedding=vector)
            before, own_before, began = server_cpu_ms(), time.process_time(), time.perf_counter()
            found = ranking.rank_chunks(instance_id=instance.pk, query=query, limit=DEPTH)
            elapsed, cpu = time.perf_counter() - began, server_cpu_ms() - before
            own_cpu = time.process_time() - own_before
            began = time.perf_counter()
            exact = ranking.rank_exactly(instance_id=instance.pk, query=query, limit=DEPTH)
            exact_ms.append(1000 * (time.perf_counter() - began))
        if number < 5:
            continue
        waited.append(1000 * elapsed)
        computed.append(cpu)
        own.append(1000 * own_cpu)
        wanted = {row["chunk_id"] for row in exact}
        recalls.append(len(wanted & {row["chunk_id"] for row in found}) / len(wanted))
    mean = float(np.mean(recalls))
    half = 1.96 * float(np.std(recalls)) / np.sqrt(len(recalls))
    return {
        "ranking_p50_ms": percentile(waited, 50), "ranking_p95_ms": percentile(waited, 95),
        "postgresql_cpu_p50_ms": percentile(computed, 50),
        "postgresql_cpu_p95_ms": percentile(computed, 95),
        "own_cpu_p50_ms": percentile(own, 50), "own_cpu_p95_ms": percentile(own, 95),
        "exact_p50_ms": percentile(exact_ms, 50),
        "recall_at_10": round(mean, 4), "recall_interval": round(half, 4),
    }  # fmt: skip


def percentile(values: list[float], share: int) -> float:
    return round(float(np.percentile(values, share)), 1)


def server_cpu_ms() -> float:
    """Processor time that this connection's server process has used; it runs on this machine."""
    raw: Any = connection.connection
    return int(Path(f"/proc/{raw.info.backend_pid}/schedstat").read_text().split()[0]) / 1e6


def empty(instance: Instance) -> None:
    """Delete the instance without loading its rows."""
    with tenant(instance), connection.cursor() as cursor:
        for table in _TABLES:
            cursor.execute(f"DELETE FROM ingestion_{table} WHERE instance_id = %s", [instance.pk])
    instance.delete()


if __name__ == "__main__":
    main()
