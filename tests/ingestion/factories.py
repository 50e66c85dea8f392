"""Factories of search indexes, of pages that OCR has read, and of files sent in pieces."""

from datetime import timedelta

import factory
from django.conf import settings
from django.utils import timezone

from ingestion.models import (
    Acronym,
    CorpusStatistics,
    IndexGeneration,
    IndexShard,
    ResumableUpload,
    ScannedPage,
    ShardList,
    TermStatistics,
    TranscribedPart,
)
from tests.factories import DocumentFactory, TenantFactory, in_same_instance


class ScannedPageFactory(TenantFactory):
    """A page that OCR has read."""

    class Meta:
        model = ScannedPage

    class Params:
        words = ("The", "registry", "opens")
        boxes = factory.LazyAttribute(
            lambda scan: [[w, 1000, 1000, 800, 100, 95] for w in scan.words]
        )

    document = in_same_instance(DocumentFactory)
    number = factory.Sequence(lambda n: n + 1)
    method = "tesseract fra+eng 1"
    content = factory.LazyAttribute(
        lambda scan: {
            "number": 1,
            "width": 595.0,
            "height": 842.0,
            "lines": [[120, 1100, scan.boxes]],
        }
    )


class ResumableUploadFactory(TenantFactory):
    """A file of a hundred bytes, of which none has come."""

    class Meta:
        model = ResumableUpload

    name = factory.Sequence(lambda n: f"file-{n}.txt")
    length_bytes = 100
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(hours=1))


class TranscribedPartFactory(TenantFactory):
    """A part of a recording that has been transcribed."""

    class Meta:
        model = TranscribedPart

    class Params:
        said = ("Welcome to the registry.",)

    document = in_same_instance(DocumentFactory)
    start_ms = 0
    end_ms = 10_000
    is_last = True
    model = "whisper"
    language = "en"
    segments = factory.LazyAttribute(
        lambda part: [[1000 * n, 1000 * n + 900, text, -0.2] for n, text in enumerate(part.said)]
    )


class AcronymFactory(TenantFactory):
    class Meta:
        model = Acronym

    document = in_same_instance(DocumentFactory)
    short = "rpn"
    long = "reglement professionnel du notariat"


class IndexShardFactory(TenantFactory):
    class Meta:
        model = IndexShard

    chunk_count = 0
    chunk_ids = clusters = centroids = b""


class ShardListFactory(TenantFactory):
    class Meta:
        model = ShardList

    shard = in_same_instance(IndexShardFactory)
    kind = ShardList.Kind.TERM
    key = factory.Sequence(lambda n: n)
    members = values = b""


class IndexGenerationFactory(TenantFactory):
    class Meta:
        model = IndexGeneration

    number = 0
    embedding_model = factory.LazyFunction(lambda: settings.EMBEDDING_MODEL)
    status = IndexGeneration.Status.ACTIVE


class CorpusStatisticsFactory(TenantFactory):
    class Meta:
        model = CorpusStatistics


class TermStatisticsFactory(TenantFactory):
    class Meta:
        model = TermStatistics

    term = factory.Sequence(lambda n: n + 1)
    document_frequency = 1
