"""Bibliographic records as documents: title, authors, date, abstract, subjects, address."""

import html
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from io import BytesIO
from typing import IO, Any

from sources.errors import ItemGone
from sources.interface import Fetched, Item, Opening
from sources.kinds.requests import send
from web.outbound.client import Call


@dataclass(frozen=True, slots=True)
class Record:
    """What an archive or a library knows of a publication; ``files`` are addresses of its text."""

    title: str
    authors: list[str] = field(default_factory=list)
    date: str = ""
    abstract: str = ""
    subjects: list[str] = field(default_factory=list)
    url: str = ""
    files: list[str] = field(default_factory=list)
    language: str = ""

    def as_json(self) -> Mapping[str, Any]:
        """Return its fields."""
        return asdict(self)


def fetch_record(opening: Opening, item: Item) -> Fetched:
    """Fetch the first file of a record, which ``item.data`` holds, or make one of its fields."""
    record = Record(**item.data)
    if record.files and opening.options["reads_files"]:
        call = Call(record.files[0], max_bytes=opening.max_bytes)
        try:
            return Fetched(send(opening.client, call).content, name=f"{item.name}.pdf")
        except ItemGone:
            # The record remains.
            pass
    return Fetched(record_file(record), name=f"{item.name}.html")


def record_file(record: Record) -> IO[bytes]:
    """Return a record as an HTML file."""
    escape = html.escape
    lines = [f"<h1>{escape(record.title)}</h1>"]
    if record.authors:
        lines.append(f"<p>{escape('; '.join(record.authors))}</p>")
    if record.date:
        lines.append(f"<p>{escape(record.date)}</p>")
    lines += [f"<p>{escape(part)}</p>" for part in record.abstract.split("\n\n") if part.strip()]
    if record.subjects:
        lines.append(f"<p>{escape('; '.join(record.subjects))}</p>")
    if record.url:
        lines.append(f'<p><a href="{escape(record.url)}">{escape(record.url)}</a></p>')
    language = f' lang="{escape(record.language)}"' if record.language else ""
    head = f'<meta charset="utf-8"><title>{escape(record.title)}</title>'
    body = "\n".join(lines)
    text = f"<!DOCTYPE html><html{language}><head>{head}</head><body>{body}</body></html>"
    return BytesIO(text.encode())
