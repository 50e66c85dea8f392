"""The source of a document, for its page: packages below this one know nothing of sources."""

from django import template

from ingestion.models import Document
from sources.models import Source, SourceItem

register = template.Library()


@register.simple_tag
def source_of(document: Document) -> Source | None:
    """Return the source that made a document, in whatever version; inside ``tenant(instance)``."""
    items = SourceItem.objects.for_instance(document.instance_id).filter(owns_document=True)
    item = items.filter(document__series=document.series).select_related("source").first()
    return item.source if item else None
