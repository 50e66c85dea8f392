"""Charts of Office files: their kind and titles, and the figures behind them as a table."""

from collections.abc import Iterator

from lxml import etree

from ingestion.parsing.archive import local_name
from ingestion.parsing.document import Block
from ingestion.parsing.ooxml import child, children, descendants, value_at
from ingestion.parsing.text.normalise import one_line
from ingestion.parsing.text.tables import pipe_table

_MAX_POINTS = 2_000
# The element of a plot -> its name in English and in French.
_KINDS = {
    "areaChart": ("Area chart", "Graphique en aires"),
    "barChart": ("Bar chart", "Graphique en barres"),
    "bubbleChart": ("Bubble chart", "Graphique en bulles"),
    "doughnutChart": ("Doughnut chart", "Graphique en anneau"),
    "lineChart": ("Line chart", "Graphique en courbes"),
    "pieChart": ("Pie chart", "Graphique en secteurs"),
    "radarChart": ("Radar chart", "Graphique en radar"),
    "scatterChart": ("Scatter chart", "Nuage de points"),
    "stockChart": ("Stock chart", "Graphique boursier"),
    "surfaceChart": ("Surface chart", "Graphique en surface"),
}


def chart_captions(root: etree._Element) -> Iterator[str]:
    """Yield what a chart shows besides figures: its kinds, in the language that it was made in if
    that is French, else in English; then the texts on it, its title and those of its axes."""
    is_french = (value_at(root, "lang") or "").startswith("fr")
    area = next(descendants(root, "plotArea"), None)
    plots = [local_name(plot).replace("3D", "") for plot in (area if area is not None else ())]
    for plot in dict.fromkeys(plots):
        # A pie of which a part has a pie of its own.
        names = _KINDS.get("pieChart" if plot == "ofPieChart" else plot)
        if names:
            yield names[is_french]
    for title in descendants(root, "title"):
        words = list(descendants(title, "t")) or list(descendants(title, "v"))
        text = one_line("".join(found.text or "" for found in words))
        if text:
            yield text


def chart_blocks(root: etree._Element) -> Iterator[Block]:
    """Yield the captions of a chart, then its series as columns under their names."""
    for text in chart_captions(root):
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
