"""The documents that a conversation cites, for reference managers.

BibTeX (``@misc``), and CSL-JSON (https://citeproc-js.readthedocs.io/en/latest/csl-json/markup.html)
as Zotero and Pandoc read it.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from django.utils.text import slugify

from chat.exports.transcript import CitedDocument, Transcript

# Characters to which LaTeX gives a meaning.
_SPECIAL: Final = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    # Braces count for BibTeX, also behind a backslash.
    "{": r"\textbraceleft ",
    "}": r"\textbraceright ",
    **{one: f"\\{one}" for one in "&%$#_"},
}
_SPECIALS: Final = re.compile("|".join(map(re.escape, _SPECIAL)))


def bibliography_as_bibtex(transcript: Transcript) -> str:
    """Return one entry a document, in the order in which they are cited."""
    return "\n".join(
        _entry(key, document, places) for key, document, places in _documents(transcript)
    )


def bibliography_as_csl(transcript: Transcript) -> str:
    """Return one item a document, in the order in which they are cited."""
    items = [_item(key, document, places) for key, document, places in _documents(transcript)]
    return json.dumps(items, ensure_ascii=False, indent=2)


def _documents(transcript: Transcript) -> Iterator[tuple[str, CitedDocument, list[str]]]:
    """Yield each document once, with a key and the places that are cited."""
    places: dict[CitedDocument, list[str]] = {}
    for source in transcript.sources:
        cited = places.setdefault(source.document, [])
        if source.place not in cited:
            cited.append(source.place)
    for number, (document, cited) in enumerate(places.items(), start=1):
        word = slugify(document.author or document.title).split("-")[0] or "document"
        yield f"{word}{document.dated[:4]}-{number}", document, cited


def _entry(key: str, document: CitedDocument, places: list[str]) -> str:
    fields = {
        "title": f"{{{_escaped(document.title)}}}",
        # In braces: the name of an office is no first and last name.
        "author": f"{{{_escaped(document.author)}}}" if document.author else "",
        "year": document.dated[:4],
        "date": document.dated,
        "howpublished": _escaped(document.name),
        "note": _escaped("; ".join(places)),
        "url": document.url,
    }
    lines = [f"  {name} = {{{value}}}," for name, value in fields.items() if value]
    return "\n".join([f"@misc{{{key},", *lines, "}", ""])


def _item(key: str, document: CitedDocument, places: list[str]) -> dict[str, Any]:
    item: dict[str, Any] = {"id": key, "type": "document", "title": document.title}
    if document.author:
        item["author"] = [{"literal": document.author}]
    if document.dated:
        item["issued"] = {"date-parts": [[int(part) for part in document.dated.split("-")]]}
    if document.url:
        item["URL"] = document.url
    return item | {"source": document.name, "note": "; ".join(places)}


def _escaped(text: str) -> str:
    return _SPECIALS.sub(lambda special: _SPECIAL[special[0]], text)
