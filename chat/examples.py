"""Questions to begin with, drawn from the instance's own documents. No model is asked."""

import re
from pathlib import PurePath

from django.utils.translation import gettext as _

from ingestion.chunking.context import PATH_SEPARATOR
from ingestion.models import Chunk, Document
from instances.models import Instance

EXAMPLES = 4
_DOCUMENTS_LOOKED_AT = 12
_CHUNKS_LOOKED_AT = 40
_MIN_HEADING_CHARS = 8
_MAX_HEADING_CHARS = 90
# Titles that programs leave in a file's properties are no titles.
_FILE_NAME = re.compile(r"\.[a-z0-9]{2,5}$|^(?:untitled|sans titre|microsoft word)", re.IGNORECASE)


def example_questions(instance: Instance) -> list[str]:
    """Return up to four questions on headings of the latest documents, one a document at first."""
    ready = Document.objects.for_instance(instance).filter(status=Document.Status.READY)
    documents = list(ready.order_by("-created_at")[:_DOCUMENTS_LOOKED_AT])
    questions: list[str] = []
    spare: list[str] = []
    for document in documents:
        own = [_question(heading, document) for heading in _headings(document)]
        questions += own[:1]
        spare += own[1:]
        if len(questions) == EXAMPLES:
            break
    return list(dict.fromkeys(questions + spare))[:EXAMPLES]


def _headings(document: Document) -> list[str]:
    chunks = Chunk.objects.for_instance(document.instance_id).filter(document=document)
    paths = chunks.exclude(heading="").order_by("position").values_list("heading", flat=True)
    last = [path.split(PATH_SEPARATOR)[-1].strip() for path in paths[:_CHUNKS_LOOKED_AT]]
    usable = [
        heading
        for heading in dict.fromkeys(last)
        if _MIN_HEADING_CHARS <= len(heading) <= _MAX_HEADING_CHARS and heading != _title(document)
    ]
    # What a document opens with is its title or its contents more often than a subject.
    return usable[1:] + usable[:1]


def _question(heading: str, document: Document) -> str:
    if heading.endswith("?"):
        return heading
    return _("What does “%(document)s” say about “%(heading)s”?") % {
        "document": _title(document),
        "heading": heading,
    }


def _title(document: Document) -> str:
    if document.title and not _FILE_NAME.search(document.title):
        return document.title
    return PurePath(document.name).stem
