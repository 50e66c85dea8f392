"""The factory of pages that OCR has read."""

import factory

from ingestion.models import ScannedPage
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
