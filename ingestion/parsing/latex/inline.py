"""A line of LaTeX as readers see it: commands carried out, formulas as they are written."""

import re
from collections.abc import Mapping

from ingestion.parsing.latex.words import (
    ACCENTS,
    AROUND,
    ESCAPES,
    SECOND_IS_TEXT,
    SILENT,
    SYMBOLS,
)

_MAX_DEPTH = 30
_TOKEN = re.compile(
    r"(?P<formula>\$[^$]*\$|\\\(.{0,2000}?\\\))"
    r"|\\(?P<command>[A-Za-z@]+)\*?[ \t]*|\\(?P<escape>.)|(?P<brace>[{}])"
    r"|(?P<text>[^\\{}$]+)|(?P<other>.)",
    re.S,
)
_BRACE = re.compile(r"\\.|[{}]", re.S)
_OPTION = re.compile(r"[ \t]*\[([^\[\]]*)\]")
_DASHES = (("---", "—"), ("--", "–"), ("``", "“"), ("''", "”"), ("~", "\u00a0"))


def inline(text: str, macros: Mapping[str, str], depth: int = 0) -> str:
    """Return what readers see of a piece of LaTeX without structure; `macros` are commands without
    arguments that the file defines."""
    if depth > _MAX_DEPTH:
        return text.replace("{", "").replace("}", "")
    parts: list[str] = []
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            break
        at = token.end()
        kind = token.lastgroup
        if kind == "command":
            shown, at = _command(str(token["command"]), text, at, macros, depth)
            parts.append(shown)
        elif kind == "escape":
            mark = ACCENTS.get(token["escape"])
            if mark is None:
                parts.append(ESCAPES.get(token["escape"], token["escape"]))
            else:
                shown, at = _accented(mark, text, at, macros, depth)
                parts.append(shown)
        elif kind == "text":
            parts.append(_typeset(token["text"]))
        elif kind != "brace":
            parts.append(token.group())
    return "".join(parts)


def argument(text: str, at: int) -> tuple[str, int]:
    """Return the argument that begins at `at`, without its braces, and where it ends; an argument
    without braces is one letter or command, one that is not closed is all that follows."""
    while at < len(text) and text[at] in " \t\n":
        at += 1
    if at >= len(text):
        return "", at
    if text[at] != "{":
        token = _TOKEN.match(text, at)
        end = token.end() if token and token.lastgroup in ("command", "escape") else at + 1
        return text[at:end], end
    level = 0
    for brace in _BRACE.finditer(text, at):
        level += {"{": 1, "}": -1}.get(brace.group(), 0)
        if level == 0:
            return text[at + 1 : brace.start()], brace.end()
    return text[at + 1 :], len(text)


def without_options(text: str, at: int) -> int:
    """Return where the options in square brackets at `at` end."""
    while option := _OPTION.match(text, at):
        at = option.end()
    return at


def _command(
    name: str, text: str, at: int, macros: Mapping[str, str], depth: int
) -> tuple[str, int]:
    """Return what a command shows, and where it ends."""
    if name in macros:
        return macros[name], at
    if name in SYMBOLS:
        return SYMBOLS[name], at + 2 if text.startswith("{}", at) else at
    if name in ACCENTS:
        return _accented(ACCENTS[name], text, at, macros, depth)
    at = without_options(text, at) if text.startswith("[", at) else at
    for _ in range(SILENT.get(name, 1 if name in SECOND_IS_TEXT else 0)):
        _, at = argument(text, without_options(text, at))
    if name in AROUND:
        inner, at = argument(text, at)
        before, after = AROUND[name]
        return f"{before}{inline(inner, macros, depth + 1).strip()}{after}", at
    return "", at


def _accented(
    mark: str, text: str, at: int, macros: Mapping[str, str], depth: int
) -> tuple[str, int]:
    inner, at = argument(text, at)
    letters = inline(inner, macros, depth + 1)
    return letters[:1] + mark + letters[1:] if letters else "", at


def _typeset(text: str) -> str:
    for written, shown in _DASHES:
        text = text.replace(written, shown)
    return text
