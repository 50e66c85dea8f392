"""What readers are told when no passage answers: what is nearest, and how to ask better."""

from collections.abc import Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from chat.answers.quoting.markdown import escape_markdown
from ingestion.places import place_of
from retrieval.search import RetrievedChunk, SearchResult

_MAX_NEAREST = 3
_MAX_WORDS = 5


def refusal(found: SearchResult, *, may_read_documents: bool) -> str:
    """Return the whole answer, in Markdown, when no passage answers the question.

    Who may not read documents is told neither which are nearest nor which words they use.
    """
    parts = [_("I found no passage in the documents that answers this question.")]
    if may_read_documents:
        parts += [_unknown_words(found.unknown_words), nearest_passages(found.chunks)]
    parts.append(
        _(
            "To ask better: use the words of the documents, write acronyms in full, and ask about "
            "one thing at a time."
        )
    )
    return "\n\n".join(filter(None, parts))


def nearest_passages(chunks: Sequence[RetrievedChunk]) -> str:
    """Return the list of the best passages, one of each document, in Markdown; "" without any."""
    of_documents: dict[object, RetrievedChunk] = {}
    for chunk in chunks:
        of_documents.setdefault(chunk.document_id, chunk)
    nearest = list(of_documents.values())[:_MAX_NEAREST]
    if not nearest:
        return ""
    listed = "\n".join(f"- {escape_markdown(_named(chunk))}" for chunk in nearest)
    return "{}\n\n{}".format(_("The nearest passages are:"), listed)


def _unknown_words(words: Sequence[str]) -> str:
    if not words:
        return ""
    sentence = ngettext(
        "No document uses the word %(words)s.", "No document uses the words %(words)s.", len(words)
    )
    quoted = [_("“%(word)s”") % {"word": word} for word in words[:_MAX_WORDS]]
    return escape_markdown(sentence % {"words": ", ".join(quoted)})


def _named(chunk: RetrievedChunk) -> str:
    """Return the title of the document, the place, and the innermost heading of a passage."""
    named = f"{chunk.display_title}, {place_of(chunk)}"
    heading = chunk.heading.rpartition(" › ")[2]
    return named if heading in ("", chunk.display_title) else f"{named} · {heading}"
