"""Reads the pages of a site: one, those below an address, or those of its sitemap."""

from collections.abc import Iterable
from io import BytesIO
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings

from ingestion.parsing.media_types import CODE, EXTENSIONS
from sources.errors import RobotsRefused
from sources.interface import Fetched, Item, ItemPage, Opening
from sources.kinds.requests import (
    charset_of,
    conditions,
    is_unchanged,
    media_type_of,
    send,
    version_of,
)
from sources.kinds.web.addresses import file_name, folder_of, is_below, normalised
from sources.kinds.web.pages import read_page
from sources.kinds.web.robots import Robots
from sources.kinds.web.sitemaps import read_sitemap
from web.outbound.client import Answer, Call

PAGE, SITE, SITEMAP = "page", "site", "sitemap"
_MAX_HTML_BYTES: Final = 8 << 20
_HTML: Final = ("text/html", "application/xhtml+xml")
# Of an index of sitemaps.
_MAX_SITEMAPS: Final = 200
# Pages of sites end in these, which no file of a document does.
_PAGE_EXTENSIONS: Final = frozenset(
    ["", "html", "htm", "xhtml", "shtml", "php", "asp", "aspx", "jsp", "jspx", "do", "cgi", "cfm"]
)
# Scripts and style sheets of pages are no documents.
_FILE_EXTENSIONS: Final = frozenset(
    extension
    for media_type, extensions in EXTENSIONS.items()
    if media_type != CODE
    for extension in extensions
)


class WebReader:
    """Lists and fetches pages; depth and links are in the items."""

    def __init__(self, opening: Opening) -> None:
        self._opening, self._options = opening, opening.options
        self._top = normalised(self._options["url"])
        self._robots = Robots(opening.client)
        self.delay_s: float = settings.SOURCE_DELAY_S
        self.max_items: int = self._options["max_pages"]

    def list_items(self, cursor: Any) -> ItemPage:
        """Return the first page, whose links lead to the others, or a part of the sitemaps."""
        if self._options["scope"] != SITEMAP:
            return ItemPage((self._item(self._top, 0),))
        waiting = list(cursor["waiting"]) if cursor else self._first_sitemaps()
        read = cursor["read"] if cursor else 0
        sitemap = read_sitemap(self._opening.client, waiting.pop(0))
        waiting += [each for each in sitemap.sitemaps if self._is_inside(each)]
        items = tuple(
            self._item(url, 0, mark)
            for url, mark in sitemap.pages
            if self._is_inside(url) and self._is_wanted(url)
        )
        is_over = not waiting or read + 1 >= _MAX_SITEMAPS
        return ItemPage(
            items,
            cursor=None if is_over else {"waiting": waiting[:_MAX_SITEMAPS], "read": read + 1},
            is_truncated=bool(waiting) and is_over,
        )

    def fetch(self, item: Item, mark: str) -> Fetched:
        """Fetch a page, or a file that a page links to."""
        url = item.url
        if not self._robots.allows(url):
            raise RobotsRefused(url)
        self.delay_s = max(settings.SOURCE_DELAY_S, self._robots.delay_s(url))
        call = Call(url, headers=conditions(mark), max_bytes=self._opening.max_bytes)
        answer = send(self._opening.client, call)
        if is_unchanged(answer):
            return Fetched(is_unchanged=True)
        final = normalised(answer.url)
        if final != url and self._options["scope"] != PAGE:
            # One item for each page, whatever leads to it.
            depth = item.data.get("depth", 0)
            return Fetched(found=tuple(self._items([final], depth)), mark=version_of(answer))
        if media_type_of(answer) in _HTML and answer.size_bytes <= _MAX_HTML_BYTES:
            return self._page(answer, item)
        return Fetched(answer.content, name=item.name, mark=version_of(answer))

    def close(self) -> None:
        """Nothing is open."""

    def _page(self, answer: Answer, item: Item) -> Fetched:
        page = read_page(answer.read(), charset_of(answer), item.url)
        depth = item.data.get("depth", 0)
        follows = self._options["scope"] == SITE and depth < self._options["max_depth"]
        return Fetched(
            BytesIO(page.html) if page.html else None,
            name=file_name(item.url, ".html"),
            mark=version_of(answer),
            found=tuple(self._items(page.links, depth + 1)) if follows else (),
        )

    def _items(self, urls: Iterable[str], depth: int) -> Iterable[Item]:
        for url in urls:
            if self._is_inside(url) and self._is_wanted(url):
                yield self._item(url, depth)

    def _item(self, url: str, depth: int, mark: str = "") -> Item:
        return Item(
            key=url,
            name=file_name(url, ""),
            folder=folder_of(url, self._top),
            url=url,
            mark=mark,
            data={"depth": depth},
        )

    def _is_inside(self, url: str) -> bool:
        if self._options["scope"] == SITEMAP:
            return urlsplit(url).netloc == urlsplit(self._top).netloc
        return is_below(url, self._top)

    def _is_wanted(self, url: str) -> bool:
        """Whether an address may be that of a page, or of a file that can be read."""
        name = urlsplit(url).path.rpartition("/")[2].lower()
        extension = name.rpartition(".")[2] if "." in name else ""
        if extension in _PAGE_EXTENSIONS or not extension.isalnum() or len(extension) > 5:
            return True
        return bool(self._options["includes_files"]) and f".{extension}" in _FILE_EXTENSIONS

    def _first_sitemaps(self) -> list[str]:
        """Return the sitemap that was given, those of robots.txt, or the usual place."""
        path = urlsplit(self._top).path.lower()
        if path.endswith((".xml", ".xml.gz", ".txt", ".gz")):
            return [self._top]
        named = [normalised(each, self._top) for each in self._robots.sitemaps(self._top)]
        inside = [each for each in named if each and self._is_inside(each)]
        return inside or [normalised("/sitemap.xml", self._top)]
