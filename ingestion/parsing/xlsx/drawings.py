"""What lies over the cells of a sheet: shapes, charts, comments."""

from collections.abc import Iterator

from lxml import etree

from ingestion.errors import CorruptDocument
from ingestion.parsing.archive import Archive
from ingestion.parsing.charts import chart_blocks, chart_titles
from ingestion.parsing.document import Block
from ingestion.parsing.ooxml import Relationship, descendants, relationships
from ingestion.parsing.text.normalise import one_line

# Excel repeats threads as ordinary comments, under this notice, for its older versions.
_THREAD_COPY = "[Threaded comment]"


def drawn_blocks(archive: Archive, part: str, *, with_figures: bool) -> Iterator[Block]:
    """Yield the texts drawn on a sheet and its comments. A chart gives its figures only
    `with_figures`: usually they are in the cells already."""
    for link in relationships(archive, part):
        if link.kind in ("comments", "threadedComment"):
            yield from _comments(archive, link)
        elif link.kind == "drawing":
            yield from _paragraphs(archive, link)
            for inner in relationships(archive, link.part):
                if inner.kind == "chart":
                    yield from _chart(archive, inner, with_figures=with_figures)


def _comments(archive: Archive, link: Relationship) -> Iterator[Block]:
    authors = [one_line(item.text or "") for item in _found(archive, link, "author")]
    for holder in _found(archive, link, "comment", "threadedComment"):
        text = one_line("".join(item.text or "" for item in descendants(holder, "t", "text")))
        number = holder.get("authorId") or ""
        known = number.isdecimal() and int(number) < len(authors)
        author = authors[int(number)] if known else ""
        if text and not text.startswith(_THREAD_COPY):
            yield Block("paragraph", f"[{author}: {text}]" if author else f"[{text}]")


def _paragraphs(archive: Archive, link: Relationship) -> Iterator[Block]:
    for holder in _found(archive, link, "p"):
        text = one_line("".join(item.text or "" for item in descendants(holder, "t")))
        if text:
            yield Block("paragraph", text)


def _chart(archive: Archive, link: Relationship, *, with_figures: bool) -> Iterator[Block]:
    for root in _found(archive, link, "chartSpace"):
        if with_figures:
            yield from chart_blocks(root)
        else:
            yield from (Block("caption", text) for text in chart_titles(root))


def _found(archive: Archive, link: Relationship, *names: str) -> Iterator[etree._Element]:
    """Yield the elements of those names in a part; none if the part is missing or damaged."""
    if link.part not in archive:
        return
    try:
        root = archive.xml(link.part)
    except CorruptDocument:
        return
    yield from descendants(root, *names)
