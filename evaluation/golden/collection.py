"""The golden questions of an instance: adding, keeping from an answer, exporting.

Each function runs inside ``tenant(instance)``.
"""

from collections.abc import Iterator
from typing import Final

from django.db.models import Q

from chat.models import Citation, Message
from evaluation.models import GoldenQuestion, question_digest
from evaluation.reviewed_answers import question_of
from ingestion.models import Document
from instances.models import Instance, Membership
from usage.models import AnswerStatus

# Each run asks all of them.
MAX_QUESTIONS: Final = 500
# Longer quotes are not found word for word in another extract.
_MAX_WORDS_KEPT: Final = 12


def find_documents(instance: Instance, name: str) -> list[Document]:
    """Return the documents with this name or title, two at most."""
    documents = Document.objects.for_instance(instance).listed()
    return list(documents.filter(Q(name=name) | Q(title=name)).distinct()[:2])


def has_room(instance: Instance, added: int = 1) -> bool:
    """Whether the instance may have ``added`` more golden questions."""
    return GoldenQuestion.objects.for_instance(instance).count() + added <= MAX_QUESTIONS


def is_known(instance: Instance, text: str) -> bool:
    """Whether the instance has this golden question already."""
    questions = GoldenQuestion.objects.for_instance(instance)
    return questions.filter(digest=question_digest(text)).exists()


def keep_answer(membership: Membership, answer: Message) -> tuple[GoldenQuestion, bool]:
    """Keep the question of an answer, with its first source as what is expected.

    An answer that found nothing becomes a question to be refused. Returns the golden question, and
    whether it is new.
    """
    question = question_of(answer)[:2000]
    expected: dict[str, object] = {"must_be_refused": answer.status == AnswerStatus.NOTHING_FOUND}
    # Not an attachment of the conversation, which the instance does not have.
    sources = answer.citations.filter(used=True, document__conversation=None)
    source = sources.select_related("document").first()
    if source is not None and not expected["must_be_refused"]:
        expected |= _expected(source)
    golden, is_new = GoldenQuestion.objects.get_or_create(
        instance=membership.instance,
        digest=question_digest(question),
        defaults=expected | {"question": question},
    )
    return golden, is_new


def _expected(source: Citation) -> dict[str, object]:
    """Return what a citation says of a good answer."""
    words = " ".join(source.quote.split())
    is_short = len(words.split()) <= _MAX_WORDS_KEPT
    return {
        "document": source.document,
        "document_name": source.document_name,
        "page": source.page_start,
        "words": words if is_short else "",
    }


def exported_rows(instance: Instance) -> Iterator[tuple[str, ...]]:
    """Yield the golden questions as rows of the CSV that can be imported."""
    for golden in GoldenQuestion.objects.for_instance(instance).iterator():
        yield (
            golden.question,
            golden.document_name,
            str(golden.page or ""),
            " | ".join(golden.phrases),
            "x" if golden.must_be_refused else "",
        )
