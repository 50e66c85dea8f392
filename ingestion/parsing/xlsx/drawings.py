"""What lies over the cells of a sheet: shapes, charts, diagrams, comments."""

import posixpath
from collections.abc import Iterator, Mapping

from lxml import etree

from ingestion.parse_warnings import ParseWarning, WarningCode
from ingestion.parsing.archive import Archive
from ingestion.parsing.document import Block
from ingestion.parsing.office.charts import chart_blocks, chart_captions
from ingestion.parsing.office.diagrams import read_diagrams
from ingestion.parsing.ooxml import descendants, drop_hidden_shapes, relationships
from ingestion.parsing.text.comments import comment_blocks
from ingestion.parsing.text.normalise import one_line
from ingestion.parsing.xlsx.strings import unescaped

# Excel repeats threads as ordinary comments, under this notice, for its older versions.
_THREAD_COPY = "[Threaded comment]"


class Drawings:
    """Reads what hangs on a sheet, part by part; a damaged part is left out.

    `persons`: the id of each author of threaded comments -> name.
    """

    def __init__(self, archive: Archive, sheet: str, persons: Mapping[str, str]) -> None:
        self._archive = archive
        self._persons = persons
        self._links = relationships(archive, sheet)
        self._hid_text = False

    @property
    def has_tables(self) -> bool:
        """Whether the sheet has tables, whose styles give cells a colour."""
        return any(link.kind == "table" for link in self._links)

    def blocks(self, *, with_figures: bool) -> Iterator[Block]:
        """Yield the texts drawn on the sheet and its comments. A chart gives its figures only
        `with_figures`: usually they are in the cells already."""
        for link in self._links:
            if link.kind in ("comments", "threadedComment"):
                yield from _comments(self._archive.find_xml(link.part), self._persons)
            elif link.kind == "drawing":
                yield from self._drawn(link.part, with_figures=with_figures)

    def warnings(self) -> Iterator[ParseWarning]:
        """Yield what a reader must know of the parts read so far."""
        if self._hid_text:
            yield ParseWarning(WarningCode.HIDDEN_TEXT)
        embedded = [link.part for link in self._links if link.kind in ("package", "oleObject")]
        if embedded:
            yield ParseWarning(WarningCode.UNREAD_FILES, tuple(map(posixpath.basename, embedded)))

    def _drawn(self, part: str, *, with_figures: bool) -> Iterator[Block]:
        root = self._archive.find_xml(part)
        if root is None:
            return
        self._hid_text |= drop_hidden_shapes(root)
        for holder in descendants(root, "p"):
            text = one_line("".join(item.text or "" for item in descendants(holder, "t")))
            if text:
                yield Block("paragraph", text)
        links = relationships(self._archive, part)
        for blocks in read_diagrams(self._archive, links).values():
            yield from blocks
        for link in links:
            chart = self._archive.find_xml(link.part) if link.kind == "chart" else None
            if chart is None:
                continue
            if with_figures:
                yield from chart_blocks(chart)
            else:
                yield from (Block("caption", text) for text in chart_captions(chart))


def _comments(root: etree._Element | None, persons: Mapping[str, str]) -> Iterator[Block]:
    if root is None:
        return
    numbered = {str(n): item.text or "" for n, item in enumerate(descendants(root, "author"))}
    for holder in descendants(root, "comment", "threadedComment"):
        words = "".join(item.text or "" for item in descendants(holder, "t", "text"))
        text = one_line(unescaped(words))
        if not text.startswith(_THREAD_COPY):
            person = persons.get(holder.get("personId") or "", "")
            author = person or numbered.get(holder.get("authorId") or "", "")
            yield from comment_blocks(text, author=author, written_at=holder.get("dT") or "")
