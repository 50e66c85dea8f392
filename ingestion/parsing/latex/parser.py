"""LaTeX: title, headings, lists, tables and text of a source file, without its commands."""

import re
from itertools import islice
from typing import BinaryIO

from ingestion.parse_warnings import ParseWarning, WarningCode
from ingestion.parsing import media_types
from ingestion.parsing.document import Block, ParsedDocument
from ingestion.parsing.latex.blocks import Blocks
from ingestion.parsing.latex.inline import argument, inline, without_options
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.text.encoding import decode
from ingestion.parsing.text.normalise import one_line
from ingestion.parsing.text.sections import first_heading, split_sections

_COMMENT = re.compile(r"(?<!\\)((?:\\\\)*)%[^\n]*(?:\n[ \t]*)?")
_VERBATIM = re.compile(r"\\begin\{(?:verbatim|Verbatim|lstlisting|minted)")
_BEGIN, _END = "\\begin{document}", "\\end{document}"
_FRONT = re.compile(r"\\(title|author|date)(?![A-Za-z])\*?")
_DEFINITION = re.compile(
    r"\\(?:re)?newcommand\*?[ \t]*\{?\\([A-Za-z@]+)\}?(?=\{)|\\def\\([A-Za-z@]+)(?=\{)"
)
_OTHER_FILE = re.compile(r"\\(?:input|include|subfile|bibliography)[ \t]*\{([^{}]{1,200})\}")
_MAX_MACROS = 500
_MAX_MACRO_CHARS = 500


def parse(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read a LaTeX file; the files that it includes are named in a warning."""
    text = _without_comments(decode(file.read()).replace("\r\n", "\n").replace("\r", "\n"))
    start = text.find(_BEGIN)
    preamble = text[:start] if start >= 0 else ""
    body = text[start + len(_BEGIN) :] if start >= 0 else text
    body = body.partition(_END)[0]
    macros = _macros(preamble or body)
    front = _front(text, macros)
    blocks = [Block("heading", front["title"], 1)] if front.get("title") else []
    byline = [front[name] for name in ("author", "date") if front.get(name)]
    if byline:
        blocks.append(Block("paragraph", "\n".join(byline)))
    found = Blocks(macros)
    found.read(body)
    blocks += found.found
    others = dict.fromkeys(_OTHER_FILE.findall(text))
    return ParsedDocument(
        media_type=media_types.LATEX,
        title=front.get("title") or first_heading(blocks),
        language=None,
        unit="section",
        pages=split_sections(blocks),
        warnings=(ParseWarning(WarningCode.UNREAD_FILES, tuple(others)),) if others else (),
    )


def _without_comments(text: str) -> str:
    """Return a text without its comments; in code a percent sign is one."""
    parts: list[str] = []
    at = 0
    while at < len(text):
        verbatim = _VERBATIM.search(text, at)
        start = verbatim.start() if verbatim else len(text)
        parts.append(_COMMENT.sub(r"\1", text[at:start]))
        end = text.find("\\end{", start)
        at = end if end >= 0 else len(text)
        parts.append(text[start:at])
    return "".join(parts)


def _front(text: str, macros: dict[str, str]) -> dict[str, str]:
    """Return the title, the authors and the date that are declared."""
    found: dict[str, str] = {}
    for match in _FRONT.finditer(text):
        if match.group(1) not in found:
            content, _ = argument(text, without_options(text, match.end()))
            found[match.group(1)] = one_line(inline(content, macros))
    return found


def _macros(text: str) -> dict[str, str]:
    """Return the commands without arguments that a file defines, with what they show."""
    found: dict[str, str] = {}
    for match in islice(_DEFINITION.finditer(text), _MAX_MACROS):
        content, _ = argument(text, match.end())
        shown = inline(content[:_MAX_MACRO_CHARS], found)
        if len(content) <= _MAX_MACRO_CHARS and len(shown) <= _MAX_MACRO_CHARS:
            found[match.group(1) or match.group(2)] = shown
    return found
