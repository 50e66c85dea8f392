"""Questions to go on with, under an answer: on other headings of the documents that it cites.

Made as example questions are, without a model. The section under the heading must say something,
and the question must not be one that the conversation has asked.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from django.db.models import F
from django.db.models.functions import Length

from chat.example_questions.questions import question_on
from chat.models import Message
from ingestion.chunking.context import PATH_SEPARATOR
from ingestion.models import Chunk, Document
from usage.models import AnswerStatus

FOLLOW_UPS: Final = 3
_CHUNKS_LOOKED_AT: Final = 60
_DOCUMENTS_LOOKED_AT: Final = 4
# Of a passage: less is a heading with the beginning of a list.
_MIN_CHARS: Final = 120
# Of the words of a question: more are the same question.
_MOST_SHARED: Final = 0.5
_WORD = re.compile(r"[^\W\d_]{4,}")
# « Congés » and « congé » are one word.
_STEM_CHARS: Final = 6
_WORDS_OF_QUESTIONS: Final = frozenset(
    word[:_STEM_CHARS]
    for word in ("comment", "quel", "quelle", "quels", "quelles", "sont", "what", "which", "does")
)


def follow_up_questions(answer: Message) -> list[str]:
    """Return up to three questions, those on the sections nearest to what is cited first.

    None under an answer that cites nothing or has not ended well. Runs inside ``tenant(instance)``.
    """
    if answer.status != AnswerStatus.COMPLETE:
        return []
    questions = Message.objects.for_instance(answer.instance_id).filter(
        conversation=answer.conversation_id, role=Message.Role.USER
    )
    known = [_stems(text) for text in questions.values_list("content", flat=True)]
    found: list[str] = []
    for question in _candidates(answer):
        stems = _stems(question)
        if stems and not any(_is_same(stems, other) for other in known):
            found.append(question)
            known.append(stems)
        if len(found) == FOLLOW_UPS:
            break
    return found


def _candidates(answer: Message) -> Iterator[str]:
    """Yield the questions on the headings of each cited document, nearest first."""
    cited = answer.citations.filter(used=True, chunk__document__status=Document.Status.READY)
    places: dict[Document, list[int]] = {}
    for citation in cited.select_related("chunk__document"):
        chunk = citation.chunk
        # Attachments are the person's own: they know what is in them.
        if chunk is not None and chunk.document.conversation_id is None:
            places.setdefault(chunk.document, []).append(chunk.position)
    for document, positions in list(places.items())[:_DOCUMENTS_LOOKED_AT]:
        for heading in _headings_near(document, positions):
            if question := question_on(heading, document):
                yield question


def _headings_near(document: Document, positions: Iterable[int]) -> list[str]:
    """Return the innermost headings of a document, those nearest to the positions first."""
    near = list(positions)
    first = max(0, min(near) - _CHUNKS_LOOKED_AT)
    chunks = (
        Chunk.objects.for_instance(document.instance_id)
        .filter(document=document, generation=F("document__index_generation"))
        .filter(position__gte=first, position__lte=max(near) + _CHUNKS_LOOKED_AT)
        .annotate(chars=Length("text"))
        .filter(chars__gte=_MIN_CHARS)
        .exclude(heading="")
        .values_list("position", "heading")
    )
    ordered = sorted(chunks, key=lambda one: min(abs(one[0] - place) for place in near))
    return list(dict.fromkeys(path.split(PATH_SEPARATOR)[-1].strip() for _at, path in ordered))


def _stems(question: str) -> frozenset[str]:
    """Return the beginnings of the words that say what a question is about."""
    words = (word.casefold()[:_STEM_CHARS] for word in _WORD.findall(question))
    return frozenset(words) - _WORDS_OF_QUESTIONS


def _is_same(stems: frozenset[str], other: frozenset[str]) -> bool:
    return len(stems & other) > _MOST_SHARED * len(stems)
