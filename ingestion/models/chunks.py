"""Chunks, the statistics of an instance's chunks, and the approximate index of many."""

from django.db import models
from pgvector.django import HalfVectorField, SparseVectorField

from ingestion.models.documents import Document
from instances.models import Instance, InstanceOwnedModel

# The lexical space: terms are hashed into it (pgvector's largest sparse dimension is 1e9).
TERM_SPACE = 1_000_000_000


# A passage that some search finds.
SEARCHABLE = models.Q(terms__isnull=False) | models.Q(attached_terms__isnull=False)


class Chunk(InstanceOwnedModel):
    """A passage: what is embedded, ranked and cited.

    ``text`` is ``page_start``'s text from ``char_start`` on, up to ``char_end`` in ``page_end``.
    """

    # Its index begins with the instance.
    instance = models.ForeignKey(
        Instance, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="chunk_set")
    # The index of the instance to which it belongs (ingestion.indexing.generations).
    generation = models.PositiveIntegerField(default=0, db_default=0)
    position = models.PositiveIntegerField()
    text = models.TextField()
    heading = models.CharField(max_length=500, blank=True)
    page_start = models.PositiveIntegerField()
    page_end = models.PositiveIntegerField()
    char_start = models.PositiveIntegerField()
    char_end = models.PositiveIntegerField()
    token_count = models.PositiveIntegerField()
    # Without a fixed dimension, since the model is a setting. NULL until embedded.
    embedding = HalfVectorField(null=True)
    # BM25 weights of the passage's terms (ingestion.indexing.lexical); NULL until the whole
    # document is ready, which is what makes a chunk visible to retrieval.
    terms = SparseVectorField(dimensions=TERM_SPACE, null=True)
    # The same of a passage of an attachment, which has no ``terms``: no search of the instance
    # finds it, only those of its conversation (``retrieval.ranking``).
    attached_terms = SparseVectorField(dimensions=TERM_SPACE, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["document", "generation", "position"], name="one_chunk_per_place"
            ),
        ]
        indexes = [models.Index(fields=["instance", "generation"], name="chunks_of_index")]

    def __str__(self) -> str:
        return f"{self.document_id} #{self.position}"


class CorpusStatistics(InstanceOwnedModel):
    """Statistics over the chunks of an index, for ranking; one row per index of an instance."""

    generation = models.PositiveIntegerField(default=0, db_default=0)
    # Chunks visible to retrieval.
    chunk_count = models.PositiveIntegerField(default=0, db_default=0)
    # Mean of the chunks' embeddings, and standard deviation of the cosines between them; NULL
    # until there are enough. ``cosine_chunk_count`` is ``chunk_count`` when they were estimated.
    centroid = HalfVectorField(null=True)
    cosine_sigma = models.FloatField(null=True)
    cosine_chunk_count = models.PositiveIntegerField(default=0, db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "generation"], name="one_statistics_row_per_index"
            ),
        ]

    def __str__(self) -> str:
        return f"statistics of {self.instance_id}, index {self.generation}"


class TermStatistics(InstanceOwnedModel):
    """The number of chunks of an index that contain a term."""

    generation = models.PositiveIntegerField(default=0, db_default=0)
    term = models.PositiveIntegerField()
    document_frequency = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["instance", "generation", "term"], name="one_row_per_term_of_index"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.term}: {self.document_frequency}"


class Acronym(InstanceOwnedModel):
    """An acronym that a searchable document expands (``ingestion.indexing.acronyms``); folded."""

    document = models.ForeignKey(Document, on_delete=models.CASCADE, related_name="acronyms")
    short = models.CharField(max_length=20)
    long = models.CharField(max_length=200)

    class Meta:
        indexes = [models.Index(fields=["instance", "short"], name="acronyms_by_instance")]
        constraints = [
            models.UniqueConstraint(
                fields=["document", "short", "long"], name="one_row_per_acronym"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.short}: {self.long}"


class IndexShard(InstanceOwnedModel):
    """A part of the approximate index of a large instance; see ``ingestion.indexing.shards``.

    ``chunk_ids`` (int64) and ``clusters`` (uint16) are of its members in order, ``centroids``
    (float32) those of its clusters. All chunks visible before ``covers_until`` are in some shard.
    """

    generation = models.PositiveIntegerField(default=0, db_default=0)
    embedding_model = models.CharField(max_length=200)
    chunk_count = models.PositiveIntegerField()
    chunk_ids = models.BinaryField()
    clusters = models.BinaryField()
    centroids = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True)
    # NULL while the build is not complete.
    covers_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"shard {self.pk} of {self.instance_id}"


class ShardList(InstanceOwnedModel):
    """The members of a shard that are in one cluster or contain one term, by their positions."""

    class Kind(models.IntegerChoices):
        CLUSTER = 0
        TERM = 1

    shard = models.ForeignKey(IndexShard, on_delete=models.CASCADE, related_name="list_set")
    kind = models.PositiveSmallIntegerField(choices=Kind)
    key = models.PositiveIntegerField()
    members = models.BinaryField()
    values = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shard", "kind", "key"], name="one_list_per_key"),
        ]

    def __str__(self) -> str:
        return f"{self.shard_id}: {self.kind} {self.key}"
