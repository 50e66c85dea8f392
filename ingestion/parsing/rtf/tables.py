"""The grid of an RTF table: cells are placed by their right edges, merged ones are repeated."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

# Edges nearer than this many twips (a twentieth of a point) are one.
_SAME_EDGE = 40
_MAX_COLUMNS = 200


@dataclass(frozen=True, slots=True)
class CellEdge:
    """Where a cell ends, in twips, and whether it continues the cell before or above it."""

    right: int
    joins_left: bool = False
    joins_above: bool = False


@dataclass(slots=True)
class RowDefinition:
    """What the control words after `\\trowd` say of the rows that follow."""

    edges: list[CellEdge] = field(default_factory=list)
    is_shaded: bool = False
    _joins_left: bool = False
    _joins_above: bool = False

    def apply(self, name: str, value: int | None) -> None:
        """Apply one of the control words that define rows."""
        if name == "trowd":
            self.edges = []
            self.is_shaded = self._joins_left = self._joins_above = False
        elif name == "clmrg":
            self._joins_left = True
        elif name == "clvmrg":
            self._joins_above = True
        elif name == "cellx":
            self.edges.append(CellEdge(value or 0, self._joins_left, self._joins_above))
            self._joins_left = self._joins_above = False
        else:
            self.is_shaded = True


@dataclass(frozen=True, slots=True)
class Row:
    """The texts of a row; a row without edges has one column a cell."""

    cells: list[str]
    edges: list[CellEdge]


def table_grid(rows: list[Row]) -> list[list[str]]:
    """Return the texts of a table by row and column. A merged cell stands in each of its places, so
    that a row is understood alone; one that spans the whole width stands once."""
    columns = _columns(rows)
    grid: list[list[str]] = []
    for row in rows:
        above = grid[-1] if grid else []
        texts: list[str] = []
        for number, cell in enumerate(row.cells):
            edge = row.edges[number] if number < len(row.edges) else CellEdge(0)
            text = cell
            if not cell and edge.joins_left and texts:
                text = texts[-1]
            elif not cell and edge.joins_above:
                text = above[len(texts)] if len(texts) < len(above) else ""
            end = bisect_right(columns, edge.right + _SAME_EDGE) if edge.right else 0
            texts.append(text)
            repeated = text if len(row.cells) > 1 else ""
            texts += [repeated] * (end - len(texts))
        grid.append(texts)
    return grid


def _columns(rows: list[Row]) -> list[int]:
    """Return the right edges that cells of the table have, ascending."""
    columns: list[int] = []
    for row in rows:
        for edge in row.edges[: len(row.cells)]:
            at = bisect_left(columns, edge.right - _SAME_EDGE)
            is_new = at == len(columns) or columns[at] > edge.right + _SAME_EDGE
            if is_new and len(columns) < _MAX_COLUMNS:
                columns.insert(at, edge.right)
    return columns
