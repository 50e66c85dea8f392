"""Escapes text of documents for the Markdown of answers."""

import re

# Characters and places to which CommonMark, GFM or the formulas of our pages give a meaning.
_SPECIAL = re.compile(
    r"""[\\`*<>$#~|]
    | (?<![^\W_])_ | _(?![^\W_])       # emphasis; not inside a word
    | &(?=\#?\w+;)                     # entities
    | ^[-+=]                           # lists, headings
    | (?<=www)\. | :(?=//) | @         # addresses that become links
    """,
    re.VERBOSE | re.MULTILINE,
)
_NUMBERED = re.compile(r"^(\d{1,9})([.)])", re.MULTILINE)
# An indented line would be code.
_INDENT = re.compile(r"^[ \t]+", re.MULTILINE)
# "[1]" in a document is not a citation of the answer: the word joiner (U+2060) prevents that it is
# read as one. Both are entities, as "\[" would begin a formula.
_BRACKET = "&#91;&#8288;"


def escape_markdown(text: str) -> str:
    """Return Markdown that is displayed as ``text``, without citations of its own."""
    escaped = _SPECIAL.sub(r"\\\g<0>", _INDENT.sub("", text))
    return _NUMBERED.sub(r"\1\\\2", escaped).replace("[", _BRACKET)
