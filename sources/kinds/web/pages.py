"""The content of a web page without what surrounds it on every page, and its links.

The file that is stored is HTML again, with its style sheets and structure: the parser of documents
decides what readers see. Of a page that names its main content, only that is kept; of any other,
menus, headers, footers and forms are left out.
"""

import re
from dataclasses import dataclass
from typing import Final

import lxml.html
from lxml import etree

from ingestion.errors import EmptyDocument
from ingestion.parsing.html.parser import decode_html, html_root
from sources.kinds.web.addresses import normalised

MAX_LINKS: Final = 2_000
# Less text than this is a place holder that a script would fill.
_MIN_MAIN_CHARS: Final = 200
_SURROUNDINGS: Final = frozenset(["nav", "header", "footer", "aside", "form", "dialog", "menu"])
_NEVER: Final = frozenset(["script", "noscript", "template", "iframe", "object", "embed", "svg"])
_ROLES: Final = frozenset(
    ["navigation", "banner", "contentinfo", "complementary", "search", "dialog", "alertdialog"]
)
_NAMES: Final = re.compile(
    r"(^|[\s_-])(cookies?|breadcrumbs?|fil-?ariane|sidebar|share|social|newsletter|skip-?link)"
    r"($|[\s_-])",
    re.IGNORECASE,
)
# What differs from one answer to the next, and says nothing.
_DROPPED_ATTRIBUTE: Final = re.compile(r"data-|on[a-z]+$|nonce$|srcset$|integrity$|jsaction$")
# A list of so many links that is hardly anything else is a menu.
_MENU_LINKS: Final = 4
_MENU_SHARE: Final = 0.85


@dataclass(frozen=True, slots=True)
class WebPage:
    """A page: its file, empty if it asks not to be indexed, and its links in order."""

    html: bytes
    links: tuple[str, ...]


def read_page(data: bytes, charset: str | None, url: str) -> WebPage:
    """Return the content of a page and the addresses that it links to."""
    try:
        root = html_root(decode_html(data, charset))
    except EmptyDocument:
        return WebPage(b"", ())
    wishes = _wishes(root)
    links = () if {"nofollow", "none"} & wishes else _links(root, url)
    if {"noindex", "none"} & wishes:
        return WebPage(b"", links)
    return WebPage(_content(root), links)


def _wishes(root: lxml.html.HtmlElement) -> set[str]:
    """Return what the page asks of robots, such as ``noindex``."""
    found: set[str] = set()
    for meta in root.iter("meta"):
        if (meta.get("name") or "").lower() in ("robots", "ragapp"):
            found |= {word.strip().lower() for word in (meta.get("content") or "").split(",")}
    return found


def _links(root: lxml.html.HtmlElement, url: str) -> tuple[str, ...]:
    base = root.find(".//base[@href]")
    start = url if base is None else normalised(base.get("href"), url) or url
    found: dict[str, None] = {}
    for link in root.iter("a", "area"):
        if "nofollow" in (link.get("rel") or "").lower().split():
            continue
        if target := normalised(link.get("href") or "", start):
            found[target] = None
        if len(found) == MAX_LINKS:
            break
    return tuple(found)


def _content(root: lxml.html.HtmlElement) -> bytes:
    """Return the file of a page, in UTF-8."""
    for element in list(root.iter()):
        if element.tag in _NEVER and element.getparent() is not None:
            element.drop_tree()
    body = root.find("body")
    if body is None:
        return _as_html(root)
    main = _main(body)
    for element in list(main.iter()):
        if element is not main and _is_surrounding(element) and _is_inside(element, main):
            element.drop_tree()
    if main is not body:
        main.tail = None
        for child in list(body):
            body.remove(child)
        body.text = None
        body.append(main)
    return _as_html(root)


def _main(body: lxml.html.HtmlElement) -> lxml.html.HtmlElement:
    """Return the element with the content of the page: the one it names, or all."""
    for path in (".//main", ".//*[@role='main']"):
        named = [each for each in body.findall(path) if _length(each) >= _MIN_MAIN_CHARS]
        if len(named) == 1:
            return named[0]
    articles = [each for each in body.findall(".//article") if _length(each) >= _MIN_MAIN_CHARS]
    return articles[0] if len(articles) == 1 else body


def _is_surrounding(element: lxml.html.HtmlElement) -> bool:
    if not isinstance(element.tag, str):
        return False
    is_header = element.tag == "header" and element.find(".//h1") is not None
    if element.tag in _SURROUNDINGS and not is_header:
        return True
    if (element.get("role") or "").lower() in _ROLES:
        return True
    names = f"{element.get('class') or ''} {element.get('id') or ''}"
    if element.tag in ("div", "ul", "ol", "section", "p") and _NAMES.search(names):
        return True
    return element.tag in ("ul", "ol") and _is_menu(element)


def _is_menu(element: lxml.html.HtmlElement) -> bool:
    links = element.findall(".//a")
    if len(links) < _MENU_LINKS:
        return False
    return sum(map(_length, links)) >= _MENU_SHARE * max(1, _length(element))


def _is_inside(element: lxml.html.HtmlElement, main: lxml.html.HtmlElement) -> bool:
    """Whether an element was not dropped with one around it."""
    return any(above is main for above in element.iterancestors())


def _length(element: lxml.html.HtmlElement) -> int:
    return len(" ".join("".join(element.itertext()).split()))


def _as_html(root: lxml.html.HtmlElement) -> bytes:
    for element in root.iter():
        for name in list(element.attrib):
            if _DROPPED_ATTRIBUTE.match(name):
                del element.attrib[name]
    for element in [*root.iter("link"), *root.iter("meta"), *root.iter("base")]:
        if element.getparent() is not None:
            element.drop_tree()
    head = root.find("head")
    if head is not None:
        head.insert(0, etree.Element("meta", charset="utf-8"))
    html: bytes = etree.tostring(root, method="html", encoding="utf-8", doctype="<!DOCTYPE html>")
    return html
