"""The text of an answer as a tree of Markdown, and the parts of its words.

Formulas stay as they are written.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from chat.answers.quoting.quotes import CITATION, numbers_of

# In a file, the title is of level 1, questions and answers of level 2.
ANSWER_LEVEL: Final = 2
# HTML is text. What is nested deeper is left out.
_OPTIONS: Final = {"html": False, "maxNesting": 100}
_MARKDOWN: Final = MarkdownIt("commonmark", _OPTIONS).enable(["table", "strikethrough"])


def markdown_tree(text: str) -> SyntaxTreeNode:
    """Return the root of the tree."""
    return SyntaxTreeNode(_MARKDOWN.parse(text))


def heading_level(node: SyntaxTreeNode, before: int) -> int:
    """Return the level of a heading behind one of the level ``before``: none may be skipped."""
    return min(int(node.tag[1:]) + ANSWER_LEVEL, before + 1)


def parts(text: str, numbers: Mapping[int, int]) -> Iterator[str | tuple[int, ...]]:
    """Yield the words between citations, and the numbers in the file of citations side by side.

    ``numbers`` maps those of the answer. A mark of others is text, as on the page.
    """
    end = 0
    side_by_side: tuple[int, ...] = ()
    for mark in CITATION.finditer(text):
        cited = numbers_of(mark)
        if not all(number in numbers for number in cited):
            continue
        if before := text[end : mark.start()].rstrip():
            if side_by_side:
                yield side_by_side
            yield before
            side_by_side = ()
        side_by_side += tuple(numbers[number] for number in cited)
        end = mark.end()
    if side_by_side:
        yield side_by_side
    if rest := text[end:]:
        yield rest
