"""What another index will take, before it is started: some passages are embedded to measure it.

Time and processor time grow with the tokens, which are the same for any size of passages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter

from django.db.models import Count, F, Sum

from inference.embedding.client import AsyncEmbeddingClient
from ingestion.chunking import embedding_text
from ingestion.documents.sensitivity import highest_level
from ingestion.indexing.generations import SearchIndex, active_index
from ingestion.models import Chunk, Document
from instances.models import Instance, Sensitivity
from usage.impact import local_impact

_SAMPLE = 12


@dataclass(frozen=True, slots=True)
class Sample:
    """The size of an instance, some of its passages, and the level of the most sensitive."""

    instance_id: int
    n_documents: int
    n_chunks: int
    n_tokens: int
    chunk_tokens: int
    texts: Sequence[str]
    sample_tokens: int
    level: Sensitivity


@dataclass(frozen=True, slots=True)
class Estimate:
    """What building an index will take; energy is None where the server does not report it."""

    n_documents: int
    n_chunks: int
    dimensions: int
    seconds: float
    energy_wh: float | None
    gco2e: float | None


def sample_of(instance: Instance) -> Sample:
    """Return a sample of the documents of an instance; runs inside ``tenant(instance)``."""
    index = active_index(instance)
    chunks = Chunk.objects.for_instance(instance).filter(
        generation=index.generation,
        document__status=Document.Status.READY,
        document__conversation=None,
    )
    size = chunks.aggregate(n=Count("pk"), tokens=Sum("token_count"))
    step = max(1, (size["n"] or 0) // _SAMPLE)
    some = list(
        chunks.annotate(place=F("id") % step)
        .filter(place=0)
        .order_by("pk")
        .values_list("heading", "text", "token_count")[:_SAMPLE]
    )
    return Sample(
        instance_id=instance.pk,
        n_documents=Document.objects.for_instance(instance)
        .filter(status=Document.Status.READY)
        .count(),
        n_chunks=size["n"] or 0,
        n_tokens=size["tokens"] or 0,
        chunk_tokens=index.chunk_tokens,
        texts=[embedding_text("", heading, text) for heading, text, _n in some],
        sample_tokens=sum(n for _heading, _text, n in some),
        level=highest_level(instance),
    )


async def measure(sample: Sample, index: SearchIndex) -> Estimate:
    """Embed the sample by the model of an index, and return what all documents will take.

    Raises InferenceError: NotCleared where its server may not receive some of the documents.
    """
    client = AsyncEmbeddingClient.for_instance(sample.instance_id, index.embedding_model)
    # A model that was not in memory is read first; that is not measured.
    warm = await client.embed_passages(["mesure"], sensitivity=sample.level)
    started = perf_counter()
    embedded = await client.embed_passages(sample.texts, sensitivity=sample.level)
    elapsed_s = perf_counter() - started
    share = sample.n_tokens / max(sample.sample_tokens, 1)
    cpu_seconds = embedded.processor_seconds * share
    impact = local_impact(cpu_seconds=cpu_seconds) if cpu_seconds else None
    scale = sample.chunk_tokens / index.chunk_tokens
    return Estimate(
        n_documents=sample.n_documents,
        n_chunks=max(sample.n_documents, round(sample.n_chunks * scale)),
        dimensions=warm.vectors.shape[1],
        seconds=elapsed_s * share,
        energy_wh=impact.energy_wh if impact else None,
        gco2e=impact.gco2e if impact else None,
    )
