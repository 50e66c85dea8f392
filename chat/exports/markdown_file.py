"""A conversation as Markdown, its citations as footnotes: ``[^1]``, as GitHub has them."""

import re
from collections.abc import Mapping
from typing import Final

from chat.answers.quoting.markdown import escape_markdown
from chat.answers.quoting.quotes import CITATION
from chat.exports.markdown_tree import parts
from chat.exports.transcript import Transcript
from chat.exports.wording import Wording

# Fenced blocks and code spans, in which no mark is a citation.
_CODE: Final = re.compile(
    r"(^(?P<fence>```+|~~~+).*?(?:^(?P=fence)|\Z)|(?P<ticks>`+)(?!`).+?(?<!`)(?P=ticks)(?!`))",
    re.MULTILINE | re.DOTALL,
)


def transcript_as_markdown(transcript: Transcript) -> str:
    """Return the file; the text of answers is the Markdown of the model."""
    wording = Wording.of(transcript)
    blocks = [f"# {escape_markdown(transcript.title)}", escape_markdown(wording.origin)]
    for turn, heading in zip(transcript.turns, wording.headings, strict=True):
        blocks.append(f"## {escape_markdown(heading)}")
        text = turn.text
        blocks.append(
            escape_markdown(text) if turn.is_question else _closed(_with_notes(text, turn.numbers))
        )
    blocks.append(f"---\n\n{escape_markdown(wording.advice)}")
    notes = [f"[^{one.number}]: {escape_markdown(str(one))}" for one in transcript.sources]
    return "\n\n".join([*blocks, *notes]) + "\n"


def _with_notes(text: str, numbers: Mapping[int, int]) -> str:
    written: list[str] = []
    end = 0
    for code in _CODE.finditer(text):
        written += [_noted(text[end : code.start()], numbers), code[0]]
        end = code.end()
    return "".join([*written, _noted(text[end:], numbers)])


def _noted(text: str, numbers: Mapping[int, int]) -> str:
    if not CITATION.search(text):
        return text
    return "".join(
        part if isinstance(part, str) else "".join(f"[^{number}]" for number in part)
        for part in parts(text, numbers)
    )


def _closed(text: str) -> str:
    """Return an answer that was stopped inside a block of code with the block ended."""
    (*_before, last) = [None, *_CODE.finditer(text)]
    if last is None or not last["fence"] or last.end() < len(text):
        return text
    is_open = last[0].rstrip().count(last["fence"]) == 1
    return f"{text}\n{last['fence']}" if is_open else text
