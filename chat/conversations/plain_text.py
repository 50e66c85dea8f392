"""The text of an answer without its marks of Markdown, for lists that show a line of it."""

from collections.abc import Iterator
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

_MARKDOWN: Final = MarkdownIt("commonmark").enable(["table", "strikethrough"])
# Keeps "[" from being read as a citation (``chat.answers.quoting.markdown``).
_WORD_JOINER: Final = "\u2060"


def one_line(markdown: str) -> str:
    """Return the words that a text in Markdown shows, in one line."""
    shown = " ".join(_words(_MARKDOWN.parse(markdown)))
    return " ".join(shown.replace(_WORD_JOINER, "").split())


def _words(tokens: list[Token]) -> Iterator[str]:
    for token in tokens:
        if token.type == "inline":
            yield "".join(map(_shown, token.children or []))
        elif token.type in ("fence", "code_block", "html_block"):
            yield token.content


def _shown(token: Token) -> str:
    """Return what is read of a piece of a line."""
    return " " if token.type in ("softbreak", "hardbreak") else token.content
