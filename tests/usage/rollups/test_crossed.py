"""No small cell of a table can be computed from its other cells and the sums of its lines."""

from random import Random

import numpy as np
import pytest

from usage.rollups.crossed import CrossTable
from usage.rollups.masking import MIN_PERSONS, masked_groups


def random_table(seed):
    """A table in which each person asks about one subject, so that persons of lines are sums."""
    chance = Random(seed)
    rows = [str(number) for number in range(chance.randint(1, 6))]
    columns = ["", "staff", "student", "faculty"][: chance.randint(1, 4)]
    persons = {
        (row, column): number
        for row in rows
        for column in columns
        if (number := chance.choice((0, 0, 1, 3, 5, 6, 8, 20, 40)))
    }
    sums = [
        {value: sum(n for cell, n in persons.items() if cell[axis] == value) for value in values}
        for axis, values in enumerate((rows, columns))
    ]
    # As on the page, groups of nobody are not listed.
    rows, columns = ([value for value, number in each.items() if number] for each in sums)
    masked = [masked_groups({value: n for value, n in each.items() if n}) for each in sums]
    return CrossTable(
        persons=persons,
        rows=rows,
        columns=columns,
        masked_rows=masked[0],
        masked_columns=masked[1],
        min_persons=MIN_PERSONS,
    )


def computable(table, masked):
    """The cells not shown whose figures follow from what is shown, by linear algebra."""
    cells = {(row, column) for row in table.rows for column in table.columns}
    unknown = sorted(masked | (cells - table.persons.keys()))
    known_sums = [[True] * len(unknown)]
    for axis, (values, hidden) in enumerate(
        ((table.rows, table.masked_rows), (table.columns, table.masked_columns))
    ):
        known_sums += [[cell[axis] == value for cell in unknown] for value in set(values) - hidden]
    matrix = np.array(known_sums, dtype=float)
    rank = np.linalg.matrix_rank(matrix)
    return {
        cell
        for number, cell in enumerate(unknown)
        if np.linalg.matrix_rank(np.vstack([matrix, np.eye(len(unknown))[number]])) == rank
    }


@pytest.mark.parametrize("part", range(4))
def test_no_small_cell_can_be_computed(part):
    shown = 0
    for seed in range(part * 150, part * 150 + 150):
        table = random_table(seed)
        masked = table.masked_cells()
        cells = table.persons.keys()
        small = {cell for cell in cells if table.persons[cell] < MIN_PERSONS}
        small |= {cell for cell in cells if cell[0] in table.masked_rows}
        small |= {cell for cell in cells if cell[1] in table.masked_columns}
        assert small <= masked <= cells
        for axis in (0, 1):
            for value in (table.rows, table.columns)[axis]:
                line = {cell for cell in masked if cell[axis] == value}
                largest = max((table.persons[cell] for cell in line), default=0)
                is_whole = line == {cell for cell in cells if cell[axis] == value}
                assert not line or largest >= MIN_PERSONS or is_whole, seed
        if len(table.rows) > 1 and len(table.columns) > 1:
            assert not computable(table, masked) & small, seed
        shown += len(cells - masked)
    assert shown > 100


def test_masking_small_cells_alone_would_not_be_enough():
    """The test above finds a cell that follows from the sums of its row and column."""
    table = CrossTable(
        persons={("1", "a"): 2, ("1", "b"): 9, ("2", "a"): 9, ("2", "b"): 9},
        rows=["1", "2"],
        columns=["a", "b"],
        masked_rows=set(),
        masked_columns=set(),
        min_persons=5,
    )
    assert computable(table, {("1", "a")}) == {("1", "a")}
    assert table.masked_cells() == set(table.persons)


def test_tables_without_small_cells_are_shown():
    table = CrossTable(
        persons={("1", "a"): 5, ("1", "b"): 9},
        rows=["1"],
        columns=["a", "b"],
        masked_rows=set(),
        masked_columns=set(),
        min_persons=5,
    )
    assert table.masked_cells() == set()
