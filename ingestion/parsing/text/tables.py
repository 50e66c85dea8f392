"""Tables as text that people, search and language models all read: Markdown pipes."""

from collections.abc import Sequence


def pipe_table(rows: Sequence[Sequence[str]]) -> str:
    """Return `rows` (the first is the header) as a Markdown table, one row a line.

    Cells are put on one line and pipes in them escaped; empty rows and empty columns vanish. A
    table of a single column comes out as plain lines.
    """
    width = max((len(row) for row in rows), default=0)
    grid = [[_cell(row[i]) if i < len(row) else "" for i in range(width)] for row in rows]
    grid = [row for row in grid if any(row)]
    used = [i for i in range(width) if any(row[i] for row in grid)]
    if len(used) < 2:
        return "\n".join(row[used[0]].replace("\\|", "|") for row in grid) if used else ""
    lines = ["| " + " | ".join(row[i] for i in used) + " |" for row in grid]
    lines.insert(1, "|" + " --- |" * len(used))
    return "\n".join(lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def split_row(line: str) -> list[str]:
    """Return the cells of a line made by `pipe_table`."""
    cells = line.replace("\\|", "\x00").strip().strip("|").split("|")
    return [cell.strip().replace("\x00", "|") for cell in cells]


def is_rule(line: str) -> bool:
    """Tell whether `line` is the rule between the header and the body of a pipe table."""
    return line.startswith("|") and not line.strip("|-: ")
