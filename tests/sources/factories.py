"""Factories of sources, their runs and their items."""

import factory

from sources.models import Source, SourceItem, SourceRun
from tests.factories import TenantFactory, in_same_instance


class SourceFactory(TenantFactory):
    """A web site at an address that is refused, only on demand."""

    class Meta:
        model = Source

    kind = "web"
    name = factory.Sequence(lambda n: f"Site {n}")
    schedule = Source.Schedule.NEVER
    options = factory.LazyFunction(
        lambda: {
            "url": "http://127.0.0.1:9/",
            "scope": "site",
            "max_depth": 3,
            "max_pages": 100,
            "includes_files": True,
        }
    )


class SourceRunFactory(TenantFactory):
    """A run that is done."""

    class Meta:
        model = SourceRun

    source = in_same_instance(SourceFactory)
    reason = SourceRun.Reason.ASKED
    status = SourceRun.Status.DONE


class SourceItemFactory(TenantFactory):
    """An item without a document."""

    class Meta:
        model = SourceItem

    source = in_same_instance(SourceFactory)
    key = factory.Sequence(lambda n: f"https://site.example/{n}")
    key_digest = factory.Sequence(lambda n: f"{n:064}")
    name = factory.Sequence(lambda n: f"page-{n}.html")
