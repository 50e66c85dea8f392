"""Charts of Office files: their titles, and the figures behind them as a table."""

from collections.abc import Iterator

from lxml import etree

from ingestion.parsing.document import Block
from ingestion.parsing.ooxml import child, children, descendants
from ingestion.parsing.text.normalise import one_line
from ingestion.parsing.text.tables import pipe_table

_MAX_POINTS = 2_000


def chart_titles(root: etree._Element) -> Iterator[str]:
    """Yield the texts written on a chart: its title and those of its axes."""
    for title in descendants(root, "title"):
        words = list(descendants(title, "t")) or list(descendants(title, "v"))
        text = one_line("".join(found.text or "" for found in words))
        if text:
            yield text


def chart_blocks(root: etree._Element) -> Iterator[Block]:
    """Yield the titles of a chart, then its series as columns under their names."""
    for text in chart_titles(root):
        yield Block("caption", text)
    columns = list(_dimensions(root))
    for series in descendants(root, "ser"):
        categories = _points(child(series, "cat")) or _points(child(series, "xVal"))
        values = _points(child(series, "val")) or _points(child(series, "yVal"))
        if not columns:
            columns.append(["", *categories])
        columns.append([" ".join(_points(child(series, "tx"))), *values])
    height = max((len(column) for column in columns), default=0)
    rows = [[column[i] if i < len(column) else "" for column in columns] for i in range(height)]
    if table := pipe_table(rows):
        yield Block("table", table)


def _dimensions(root: etree._Element) -> Iterator[list[str]]:
    """Yield the columns of a chart of Office 2016 (waterfalls, histograms...), labels first."""
    for data in descendants(root, "data"):
        for dimension in children(data, "strDim", "numDim"):
            for level in children(dimension, "lvl"):
                points = [one_line(found.text or "") for found in children(level, "pt")]
                yield ["", *points[:_MAX_POINTS]]


def _points(element: etree._Element | None) -> list[str]:
    """Return the cached values of a reference or literal, in order."""
    if element is None:
        return []
    values = (child(point, "v") for point in descendants(element, "pt"))
    found = [one_line(value.text or "") for value in values if value is not None]
    if not found:
        found = [one_line(value.text or "") for value in children(element, "v")]
    return found[:_MAX_POINTS]
