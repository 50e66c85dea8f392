"""Where the functions, classes and other definitions of a program begin, in most languages."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

# What may stand before the word that defines.
_MODIFIERS = (
    r"(?:(?:export|default|pub(?:\([a-z]{1,10}\))?|async|static|public|private|protected|internal"
    r"|final|abstract|unsafe|inline|virtual|override|extern|sealed|partial|data|open|const|suspend)"
    r"[ \t]+)*"
)
_WORDS = (
    r"(?:def|class|function|fn|func|fun|sub|struct|enum|union|interface|trait|impl|module"
    r"|namespace|procedure|subroutine|program|object|record|protocol|extension|type|service|message"
    r"|resource)"
)
_PATTERNS = (
    re.compile(
        rf"{_MODIFIERS}{_WORDS}\*?[ \t]+(?:\([^()]{{0,80}}\)[ \t]*)?([\w$.]+(?:::\w+)*)", re.I
    ),
    re.compile(
        r"create[ \t]+(?:or[ \t]+replace[ \t]+)?(?:temporary[ \t]+)?"
        r"(?:table|view|function|procedure|trigger|index|type)[ \t]+"
        r"(?:if[ \t]+not[ \t]+exists[ \t]+)?"
        r"([\w.\"`\[\]]+)",
        re.I,
    ),
    # R, JavaScript: a name that is given a function.
    re.compile(
        r"(?:export[ \t]+)?(?:(?:const|let|var)[ \t]+)?([\w.$]+)[ \t]*(?:<-|=)[ \t]*"
        r"(?:async[ \t]+)?(?:function\b|\([^()]{0,200}\)[ \t]*=>|[\w$]+[ \t]*=>)"
    ),
)
# What a line like a definition of C may begin with, but is none.
_STATEMENTS = frozenset(
    ["if", "for", "while", "switch", "return", "else", "case", "do", "catch", "elif", "print",
     "with", "assert", "throw", "new", "goto", "foreach", "until", "select", "call", "require"]
)  # fmt: skip
# Shell, C and its kin: a type, or nothing, and a name before the parameters.
_BEFORE_PARAMETERS = re.compile(r"[A-Za-z_~][\w:<>,*&\[\]~ \t]*+")
_COMMENT = ("#", "//", "/*", "*", "@", "--", "'''", '"""', "%", ";;", "[")
_LONGEST_LINE = 400


@dataclass(frozen=True, slots=True)
class Definition:
    """A definition: the number of its first line from 0, comments included, and its name."""

    line: int
    name: str
    indent: int


def definitions(lines: Sequence[str]) -> list[Definition]:
    """Return the definitions of a program in order."""
    found: list[Definition] = []
    for number, line in enumerate(lines):
        stripped = line.strip()
        if not stripped or len(stripped) > _LONGEST_LINE or stripped.startswith(_COMMENT):
            continue
        indent = len(line) - len(line.lstrip())
        if name := _name(stripped, is_outermost=indent == 0):
            earliest = found[-1].line + 1 if found else 0
            found.append(Definition(_with_comments(lines, number, earliest), name, indent))
    return found


def _name(line: str, *, is_outermost: bool) -> str:
    """Return what a line defines, "" if it defines nothing."""
    if line.split("(", 1)[0].split(" ", 1)[0] in _STATEMENTS:
        return ""
    for pattern in _PATTERNS:
        if match := pattern.match(line):
            return match.group(1)
    # Inside a block, a line like a function of C is mostly a call.
    return _function_of_c(line) if is_outermost else ""


def _function_of_c(line: str) -> str:
    head, parenthesis, rest = line.partition("(")
    if not parenthesis or ";" in rest or not _BEFORE_PARAMETERS.fullmatch(head):
        return ""
    words = head.split()
    return words[-1].lstrip("*&") if len(words) > 1 or line.endswith("{") else ""


def _with_comments(lines: Sequence[str], number: int, earliest: int) -> int:
    """Return the first line of the comments and decorators above a definition."""
    while number > earliest and lines[number - 1].strip().startswith(_COMMENT):
        number -= 1
    return number
