"""Which cells of a table of two dimensions are masked, so that no small group can be computed.

Readers know the sums of rows and columns that are not masked, and the sum of everything. A cell
that is not shown can then be computed exactly if it is a bridge in the graph whose nodes are the
rows and columns, and whose edges are the cells that are not shown (Gusfield, *A graph theoretic
approach to statistical data security*, SIAM Journal on Computing 17(3), 1988). Of masked rows only
the sum of all is known, so they are one node; so are masked columns.

Cells of nobody must look the same as masked ones: that a cell is empty may then be computed, but
not what is in one of few.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Set
from dataclasses import dataclass, field

Cell = tuple[str, str]
# A row (0) or a column (1), and its value; None: all masked ones.
Node = tuple[int, str | None]
Edges = dict[Node, list[tuple[Node, Cell]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossTable:
    """Rows × columns, with the persons of each cell that has some, and the lines not shown."""

    persons: Mapping[Cell, int]
    rows: Collection[str]
    columns: Collection[str]
    masked_rows: Set[str]
    masked_columns: Set[str]
    min_persons: int

    def masked_cells(self) -> set[Cell]:
        """Return the cells to mask, of those that have persons.

        Of the others, none of fewer than ``min_persons``, and none of a masked line, can be
        computed. In each line that is shown, what is missing from its sum contains a cell of
        ``min_persons`` or more, unless none of its cells is masked, or all are.
        """
        by_size = sorted(
            ((row, column) for row in self.rows for column in self.columns),
            key=lambda cell: (self._number(cell), cell),
        )
        empty = {cell for cell in by_size if not self._number(cell)}
        protected = {
            cell
            for cell in by_size
            if cell not in empty
            and (
                self._number(cell) < self.min_persons
                or cell[0] in self.masked_rows
                or cell[1] in self.masked_columns
            )
        }
        hidden = protected | empty
        while added := self._of_small_lines(by_size, hidden) or self._of_bridges(
            by_size, hidden, protected
        ):
            hidden |= added
        return hidden - empty

    def _number(self, cell: Cell) -> int:
        return self.persons.get(cell, 0)

    def _of_small_lines(self, by_size: list[Cell], hidden: Set[Cell]) -> set[Cell]:
        """The smallest shown cell of each line in which all masked cells are small."""
        lines: dict[Node, list[Cell]] = defaultdict(list)
        for cell in by_size:
            for node in self._nodes(cell):
                lines[node].append(cell)
        added = set()
        for (_axis, value), cells in lines.items():
            shown = [cell for cell in cells if cell not in hidden]
            largest = max((self._number(cell) for cell in cells if cell in hidden), default=0)
            if value is not None and shown and 0 < largest < self.min_persons:
                added.add(shown[0])
        return added

    def _of_bridges(
        self, by_size: list[Cell], hidden: Set[Cell], protected: Set[Cell]
    ) -> set[Cell]:
        """The smallest shown cell that joins the two sides of a protected bridge, if any."""
        edges: Edges = defaultdict(list)
        for cell in sorted(hidden):
            row, column = self._nodes(cell)
            edges[row].append((column, cell))
            edges[column].append((row, cell))
        for bridge, side in _bridges(edges):
            if bridge not in protected:
                continue
            for cell in by_size:
                row, column = self._nodes(cell)
                if cell not in hidden and (row in side) != (column in side):
                    return {cell}
        return set()

    def _nodes(self, cell: Cell) -> tuple[Node, Node]:
        row, column = cell
        return (
            (0, None if row in self.masked_rows else row),
            (1, None if column in self.masked_columns else column),
        )


def _bridges(edges: Edges) -> Iterator[tuple[Cell, set[Node]]]:
    """Yield each bridge, with the nodes on one side of it (Tarjan 1974)."""
    search = _Search(edges)
    for node in edges:
        if node not in search.order:
            search.visit(node, None)
    yield from search.bridges


@dataclass(slots=True)
class _Search:
    """A depth-first search, of which the lowest reachable node is kept for each node."""

    edges: Edges
    order: dict[Node, int] = field(default_factory=dict)
    bridges: list[tuple[Cell, set[Node]]] = field(default_factory=list)

    def visit(self, node: Node, by: Cell | None) -> tuple[int, set[Node]]:
        """Return the lowest node that is reached below ``node``, and the nodes below it."""
        lowest = self.order[node] = len(self.order)
        below = {node}
        for other, cell in self.edges[node]:
            if cell == by:
                continue
            if other in self.order:
                lowest = min(lowest, self.order[other])
                continue
            reached, nodes = self.visit(other, cell)
            below |= nodes
            lowest = min(lowest, reached)
            if reached > self.order[node]:
                self.bridges.append((cell, nodes))
        return lowest, below
