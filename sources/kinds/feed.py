"""The kind ``feed``: the entries of an RSS or Atom feed.

An entry becomes the page that it links to, or the text that the feed itself has. Entries that have
left the feed are not gone: a feed shows the newest only.
"""

import html
from io import BytesIO
from typing import Any, Final
from xml.etree.ElementTree import Element

from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from sources.errors import AnswerRefused, RobotsRefused
from sources.interface import Fetched, Item, ItemPage, KindForm, Opening, Reader
from sources.kinds.fields import AddressField
from sources.kinds.requests import (
    charset_of,
    conditions,
    is_unchanged,
    local_name,
    media_type_of,
    send,
    text_of,
    version_of,
    xml_of,
)
from sources.kinds.web.addresses import file_name, normalised
from sources.kinds.web.pages import read_page
from sources.kinds.web.robots import Robots
from web.outbound.client import Call

_MAX_FEED_BYTES: Final = 20 << 20
_HTML: Final = ("text/html", "application/xhtml+xml")


class FeedForm(KindForm):
    """Which feed is read, and what of it."""

    place_fields = ("url",)

    url = AddressField(label=_("Address of the feed"))
    reads_pages = forms.BooleanField(
        label=_("Read the pages that the entries link to"),
        required=False,
        initial=True,
        help_text=_("Otherwise the text of the entries, as it is in the feed."),
    )


class FeedKind:
    """Entries of a feed."""

    name = "feed"
    label = _("Feed (RSS, Atom)")
    description = _("News, blogs, journals: each entry is a document, and old ones stay.")
    form = FeedForm

    def open(self, opening: Opening) -> Reader:
        """Return a reader of the entries."""
        return FeedReader(opening)


class FeedReader:
    """Lists the entries of a feed; those without a page of their own carry their text."""

    def __init__(self, opening: Opening) -> None:
        self._opening = opening
        self._url = opening.options["url"]
        self._robots = Robots(opening.client)
        self.delay_s: float = settings.SOURCE_DELAY_S
        self.max_items = opening.max_items

    def list_items(self, cursor: Any) -> ItemPage:
        """Return all entries of the feed."""
        answer = send(self._opening.client, Call(self._url, max_bytes=_MAX_FEED_BYTES))
        root = xml_of(answer)
        if local_name(root) not in ("rss", "RDF", "feed"):
            raise AnswerRefused(f"{self._url}: not a feed")
        entries = [each for each in root.iter() if local_name(each) in ("item", "entry")]
        items = (self._item(entry, answer.url) for entry in entries)
        # What is not in the feed any more is only older.
        return ItemPage(tuple(item for item in items if item is not None), is_truncated=True)

    def fetch(self, item: Item, mark: str) -> Fetched:
        """Fetch the page of an entry, or make a file of its text."""
        if "text" in item.data:
            return Fetched(BytesIO(_document(item)))
        if not self._robots.allows(item.url):
            raise RobotsRefused(item.url)
        call = Call(item.url, headers=conditions(mark), max_bytes=self._opening.max_bytes)
        answer = send(self._opening.client, call)
        if is_unchanged(answer):
            return Fetched(is_unchanged=True)
        if media_type_of(answer) not in _HTML:
            return Fetched(answer.content, name=file_name(item.url, ""), mark=version_of(answer))
        page = read_page(answer.read(), charset_of(answer), answer.url)
        return Fetched(BytesIO(page.html) if page.html else None, mark=version_of(answer))

    def close(self) -> None:
        """Nothing is open."""

    def _item(self, entry: Element, base: str) -> Item | None:
        url = normalised(_link_of(entry), base) if _link_of(entry) else ""
        key = text_of(entry, "guid", "id") or url
        if not key:
            return None
        title = " ".join(text_of(entry, "title").split())
        changed = text_of(entry, "updated", "modified", "date", "pubDate", "published")
        data = {"title": title}
        if not url or not self._opening.options["reads_pages"]:
            text = _text(entry)
            if not text:
                return None
            data["text"] = text
        name = f"{title or key}"[:200]
        return Item(key=key, name=f"{name}.html", url=url, mark=changed, data=data)


def _link_of(entry: Element) -> str:
    """Return the address of the page of an entry: RSS has it as text, Atom as an attribute."""
    for link in entry:
        if local_name(link) != "link":
            continue
        if link.get("rel", "alternate") == "alternate" and link.get("href"):
            return str(link.get("href")).strip()
        if link.text and link.text.strip():
            return link.text.strip()
    return ""


def _text(entry: Element) -> str:
    """Return the text of an entry as HTML."""
    for child in entry:
        if local_name(child) == "content" and child.get("type") == "xhtml":
            return " ".join("".join(child.itertext()).split())
    return text_of(entry, "encoded", "content", "description", "summary")


def _document(item: Item) -> bytes:
    title = html.escape(str(item.data["title"]))
    head = f'<meta charset="utf-8"><title>{title}</title>'
    body = f"<h1>{title}</h1>{item.data['text']}"
    return f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode()
