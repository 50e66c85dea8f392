"""A conversation as an accessible PDF, its citations as footnotes: set by Typst.

It is PDF/UA-1 where its letters allow.

All text is inside string literals of Typst, so that nothing in it is markup, and the compiler is
given an empty folder to read from.
"""

import logging
import tempfile
from collections.abc import Mapping
from typing import Any, Final

import typst
from markdown_it.tree import SyntaxTreeNode

from chat.exports.markdown_tree import ANSWER_LEVEL, heading_level, markdown_tree, parts
from chat.exports.transcript import Source, Transcript
from chat.exports.wording import Wording

logger = logging.getLogger(__name__)

_PAGE: Final = """
#set page(paper: "a4", margin: 25mm, numbering: "1")
#set par(justify: false, leading: 0.7em)
#set table(stroke: 0.5pt + luma(70%))
#show heading: set block(above: 1.4em, below: 0.8em)
#show link: underline
#show raw.where(block: true): set text(size: 0.85em)
"""
# What may be in itself; Typst refuses many levels.
_NESTED: Final = frozenset(
    {"bullet_list", "ordered_list", "blockquote", "em", "strong", "s", "link"}
)
_MAX_DEPTH: Final = 8
# Typst refuses longer ones, and empty ones.
_MAX_ADDRESS_CHARS: Final = 2_000


def transcript_as_pdf(transcript: Transcript) -> bytes:
    """Return the file."""
    wording = Wording.of(transcript)
    blocks = [
        f"#set document(title: {_literal(transcript.title)})",
        f'#set text(size: 11pt, lang: "{transcript.language[:2]}")',
        _PAGE,
        f"#heading(level: 1)[{_text(transcript.title)}]",
        f"#text(fill: luma(35%))[{_text(wording.origin)}]",
    ]
    writer = _Writer({source.number: source for source in transcript.sources})
    for turn, heading in zip(transcript.turns, wording.headings, strict=True):
        blocks.append(f"#heading(level: 2)[{_text(heading)}]")
        if turn.is_question:
            blocks.append(f"#strong[{_lines(turn.text)}]")
        else:
            blocks.append(writer.answer(turn.text, turn.numbers))
    blocks.append(f"#v(1em) #text(fill: luma(35%))[{_text(wording.advice)}]")
    source = "\n\n".join(blocks).encode()
    try:
        return _compiled(source, pdf_standards=["ua-1"])
    except typst.TypstError as error:
        # PDF/UA refuses, for example, letters that no font of the machine has.
        logger.info("a conversation is no PDF/UA: %s", error)
        return _compiled(source)


def _compiled(source: bytes, **options: Any) -> bytes:
    with tempfile.TemporaryDirectory() as empty:
        written: bytes = typst.compile(source, format="pdf", root=empty, **options)
    return written


class _Writer:
    """Writes answers as markup of Typst; a source has its footnote where it is cited first."""

    def __init__(self, sources: Mapping[int, Source]) -> None:
        self._sources = sources
        self._numbers: Mapping[int, int] = {}
        self._level = ANSWER_LEVEL
        self._noted: set[int] = set()

    def answer(self, text: str, numbers: Mapping[int, int]) -> str:
        self._numbers, self._level = numbers, ANSWER_LEVEL
        return self._blocks(markdown_tree(text))

    def _blocks(self, node: SyntaxTreeNode) -> str:
        return "\n\n".join(self._block(child) for child in node.children)

    def _block(self, node: SyntaxTreeNode) -> str:
        match node.type:
            case "heading":
                self._level = heading_level(node, self._level)
                return f"#heading(level: {self._level})[{self._inside(node)}]"
            case "bullet_list" | "ordered_list" | "list_item" | "blockquote" if _is_deep(node):
                return self._blocks(node)
            case "bullet_list" | "ordered_list":
                return self._list(node)
            case "blockquote":
                return f"#quote(block: true)[{self._blocks(node)}]"
            case "fence" | "code_block":
                return f"#raw(block: true, {_literal(node.content)})"
            case "table":
                return self._table(node)
            case "hr":
                return "#line(length: 100%, stroke: 0.5pt)"
        return self._inside(node)

    def _list(self, node: SyntaxTreeNode) -> str:
        items = ", ".join(f"[{self._blocks(item)}]" for item in node.children)
        if node.type == "bullet_list":
            return f"#list({items})"
        return f"#enum(start: {int(node.attrs.get('start', 1))}, {items})"

    def _table(self, node: SyntaxTreeNode) -> str:
        rows = [row.children for part in node.children for row in part.children]
        head, *body = [", ".join(f"[{self._inside(cell)}]" for cell in cells) for cells in rows]
        return ", ".join([f"#table(columns: {len(rows[0])}", f"table.header({head})", *body]) + ")"

    def _inside(self, node: SyntaxTreeNode) -> str:
        return "".join(self._inline(child) for child in node.children)

    def _inline(self, node: SyntaxTreeNode) -> str:
        match node.type:
            case "text":
                return self._words(node.content)
            case "em" | "strong" | "s" | "link" if _is_deep(node):
                return self._inside(node)
            case "em":
                return f"#emph[{self._inside(node)}]"
            case "strong":
                return f"#strong[{self._inside(node)}]"
            case "s":
                return f"#strike[{self._inside(node)}]"
            case "code_inline":
                return f"#raw({_literal(node.content)})"
            case "link":
                address = str(node.attrs["href"])
                if not 0 < len(address) <= _MAX_ADDRESS_CHARS:
                    return self._inside(node)
                return f"#link({_literal(address)})[{self._inside(node)}]"
            case "image":
                return _text(node.content)
            case "softbreak":
                return " "
            case "hardbreak":
                return " #linebreak() "
        return self._inside(node)

    def _words(self, text: str) -> str:
        return "".join(
            _text(part) if isinstance(part, str) else "#super[,]".join(map(self._note, part))
            for part in parts(text, self._numbers)
        )

    def _note(self, number: int) -> str:
        if number in self._noted:
            return f"#footnote(<source-{number}>)"
        self._noted.add(number)
        return f"#footnote[{_text(str(self._sources[number]))}]<source-{number}>"


def _is_deep(node: SyntaxTreeNode) -> bool:
    depth, above = 0, node.parent
    while above is not None:
        depth += above.type in _NESTED
        above = above.parent
    return depth >= _MAX_DEPTH


def _text(text: str) -> str:
    """Return markup that shows a text."""
    return f"#{_literal(text)};" if text else ""


def _lines(text: str) -> str:
    return " #linebreak() ".join(_text(line) for line in text.splitlines())


def _literal(text: str) -> str:
    """Return a string literal of Typst."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
