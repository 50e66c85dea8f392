"""The structure of LaTeX: headings, lists, tables, code, formulas, captions."""

import re
from collections.abc import Mapping

from ingestion.parsing.document import Block
from ingestion.parsing.html.parser import clean_code
from ingestion.parsing.latex.inline import argument, inline, without_options
from ingestion.parsing.text.normalise import clean_block, one_line
from ingestion.parsing.text.tables import pipe_table

_LEVELS = {
    "part": 1,
    "chapter": 1,
    "section": 2,
    "subsection": 3,
    "subsubsection": 4,
    "paragraph": 5,
    "subparagraph": 6,
}
_STRUCTURE = re.compile(
    r"\\(?P<command>begin|end|item|bibitem|caption|frametitle|framesubtitle|"
    + "|".join(_LEVELS)
    + r")(?![A-Za-z])\*?|(?P<paragraph>\n[ \t]*\n\s*)|(?P<formula>\\\[|\$\$)"
)
_CODE = frozenset({"verbatim", "Verbatim", "lstlisting", "minted", "alltt"})
_FORMULAS = frozenset(
    {"equation", "align", "gather", "multline", "eqnarray", "displaymath", "math", "flalign"}
)
_TABLES = frozenset({"tabular", "tabularx", "longtable", "tabulary", "supertabular"})
_UNSEEN = frozenset({"comment", "tikzpicture", "filecontents"})
_LISTS = frozenset({"itemize", "enumerate", "description", "thebibliography"})
_RULES = re.compile(
    r"\\(?:hline|toprule|midrule|bottomrule|endhead|endfirsthead|endfoot|endlastfoot)(?![A-Za-z])"
    r"|\\(?:cline|cmidrule)(?:\([^)]*\))?\{[^}]*\}"
)
_ROW_END = re.compile(r"\\\\(?:\[[^\]]*\])?|\\tabularnewline(?![A-Za-z])")
_CELL_END = re.compile(r"(?<!\\)&")
_ENDS = {"\\[": "\\]", "$$": "$$"}
# The width of a table, before the kinds of its columns.
_WITH_WIDTH = frozenset({"tabularx", "tabulary"})


class Blocks:
    """Collects the blocks of a text; `macros` are commands that the file defines."""

    def __init__(self, macros: Mapping[str, str]) -> None:
        self.found: list[Block] = []
        self._macros = macros
        self._text: list[str] = []
        # The kind of each open list and the number of its last item.
        self._lists: list[tuple[str, int]] = []
        self._marker: str | None = None

    def read(self, text: str) -> None:
        """Add the blocks of a text."""
        at = 0
        while match := _STRUCTURE.search(text, at):
            self._text.append(text[at : match.start()])
            at = match.end()
            if match["formula"]:
                at = self._formula(text, at, _ENDS[match["formula"]])
            elif match["command"]:
                at = self._command(match["command"], text, at)
            else:
                self._flush()
        self._text.append(text[at:])
        self._flush()

    def _command(self, name: str, text: str, at: int) -> int:
        """Carry out a command; return where it ends."""
        if name in ("begin", "end"):
            environment, at = argument(text, at)
            kind = environment.strip().rstrip("*")
            return (
                self._begin(kind, environment, text, at) if name == "begin" else self._end(kind, at)
            )
        self._flush()
        if name in ("item", "bibitem"):
            return self._item(name, text, at)
        content, at = argument(text, without_options(text, at))
        shown = one_line(inline(content, self._macros))
        if name == "caption":
            self._add(Block("caption", shown))
        else:
            self._add(Block("heading", shown, _LEVELS.get(name, 3)))
        return at

    def _begin(self, kind: str, environment: str, text: str, at: int) -> int:
        self._flush()
        if kind in _CODE | _FORMULAS | _TABLES | _UNSEEN:
            end = text.find(f"\\end{{{environment}}}", at)
            content = text[at : end if end >= 0 else len(text)]
            if kind in _TABLES:
                self._table(content, kind)
            elif kind in _CODE:
                start = without_options(content, 0)
                if kind == "minted":
                    _, start = argument(content, start)
                self._add(Block("code", clean_code(content[start:]).strip("\n")))
            elif kind in _FORMULAS:
                self._add(Block("paragraph", one_line(content)))
            return end if end >= 0 else len(text)
        if kind in _LISTS:
            self._lists.append((kind, 0))
            if kind == "thebibliography":
                _, at = argument(text, at)
        return without_options(text, at) if text.startswith("[", at) else at

    def _end(self, kind: str, at: int) -> int:
        self._flush()
        if kind in _LISTS and self._lists:
            self._lists.pop()
        return at

    def _item(self, name: str, text: str, at: int) -> int:
        kind, number = self._lists[-1] if self._lists else ("itemize", 0)
        if self._lists:
            self._lists[-1] = (kind, number + 1)
        self._marker = f"{number + 1}. " if kind == "enumerate" else "- "
        end = without_options(text, at)
        label = one_line(inline(text[at:end].strip().strip("[]"), self._macros))
        if label:
            self._marker = f"- {label}: " if kind == "description" else f"{label} "
        if name == "bibitem":
            key, end = argument(text, end)
            self._marker = f"- [{key}] "
        return end

    def _formula(self, text: str, at: int, end: str) -> int:
        self._flush()
        close = text.find(end, at)
        close = close if close >= 0 else len(text)
        self._add(Block("paragraph", one_line(text[at:close])))
        return close + len(end)

    def _table(self, content: str, kind: str) -> None:
        at = without_options(content, 0)
        for _ in range(2 if kind in _WITH_WIDTH else 1):
            _, at = argument(content, at)
        rows = [
            [self._cell(cell) for cell in _CELL_END.split(row)]
            for row in _ROW_END.split(_RULES.sub("", content[at:]))
        ]
        self._add(Block("table", pipe_table(rows)))

    def _cell(self, text: str) -> str:
        text = text.strip()
        if text.startswith("\\multicolumn"):
            at = len("\\multicolumn")
            for _ in range(2):
                _, at = argument(text, at)
            text, _ = argument(text, at)
        return one_line(inline(text, self._macros))

    def _flush(self) -> None:
        """End the current paragraph or item."""
        text = clean_block(inline("".join(self._text), self._macros).replace("\n", " "))
        self._text = []
        if self._marker is not None and text:
            level = max(1, len(self._lists))
            self._add(Block("list_item", f"{'  ' * (level - 1)}{self._marker}{text}", level))
            self._marker = None
        elif text:
            self._add(Block("paragraph", text))

    def _add(self, block: Block) -> None:
        if block.text:
            self.found.append(block)
