"""The formats of files of a conversation."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from chat.exports.bibliography import bibliography_as_bibtex, bibliography_as_csl
from chat.exports.json_file import conversation_as_json
from chat.exports.markdown_file import transcript_as_markdown
from chat.exports.transcript import Transcript
from chat.models import Conversation

_WORD: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


# Imported when they are asked for: their libraries cost each web process 14 MB and 30 ms.
def _as_word(transcript: Transcript) -> bytes:
    from chat.exports.word_file import transcript_as_word

    return transcript_as_word(transcript)


def _as_pdf(transcript: Transcript) -> bytes:
    from chat.exports.pdf_file import transcript_as_pdf

    return transcript_as_pdf(transcript)


@dataclass(frozen=True, slots=True)
class ExportFormat:
    """A format, with what it is good for in the reader's language."""

    name: Promise
    purpose: Promise
    media_type: str
    suffix: str
    write: Callable[[Transcript], str | bytes] | None = None


FORMATS: Final[Mapping[str, ExportFormat]] = {
    "docx": ExportFormat(
        _("Word document"),
        _("To edit; sources as footnotes."),
        _WORD,
        ".docx",
        _as_word,
    ),
    "pdf": ExportFormat(
        _("PDF document"),
        _("To file or to send; sources as footnotes."),
        "application/pdf",
        ".pdf",
        _as_pdf,
    ),
    "markdown": ExportFormat(
        _("Markdown text"),
        _("For notes and wikis; sources as footnotes."),
        "text/markdown; charset=utf-8",
        ".md",
        transcript_as_markdown,
    ),
    "bibtex": ExportFormat(
        _("BibTeX bibliography"),
        _("The cited documents, for LaTeX and reference managers."),
        "application/x-bibtex; charset=utf-8",
        ".bib",
        bibliography_as_bibtex,
    ),
    "csl": ExportFormat(
        _("CSL-JSON bibliography"),
        _("The cited documents, for Zotero and Pandoc."),
        "application/vnd.citationstyles.csl+json",
        ".csl.json",
        bibliography_as_csl,
    ),
    "json": ExportFormat(
        _("JSON data"),
        _("Everything, all versions included, for programs."),
        "application/json",
        ".json",
    ),
}


def file_name(conversation: Conversation, suffix: str) -> str:
    """Return the name of a file of a conversation."""
    return f"{slugify(conversation.title)[:80] or 'conversation'}{suffix}"


def exported(conversation: Conversation, chosen: ExportFormat, *, cited_only: bool) -> str | bytes:
    """Return a conversation in a format. ``cited_only`` is for guests.

    Runs inside ``tenant(instance)``.
    """
    if chosen.write is None:
        return conversation_as_json(conversation, cited_only=cited_only)
    language = get_language() or conversation.instance.language
    return chosen.write(Transcript.of(conversation, language=language, cited_only=cited_only))
