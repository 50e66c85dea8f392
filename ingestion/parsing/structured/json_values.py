"""JSON: names as headings, simple values as lines, similar objects as a table.

Files that are no valid JSON are read as the text that they are.
"""

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from ingestion.parsing import media_types
from ingestion.parsing.document import Block, ParsedDocument
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.plain import text_blocks
from ingestion.parsing.structured import records
from ingestion.parsing.text.encoding import decode
from ingestion.parsing.text.sections import split_sections

# Deeper values stand as they are written.
_MAX_DEPTH = 12
# By what people know an object.
_NAMES = ("title", "name", "label", "titre", "nom", "id", "key")
_MAX_NAME_CHARS = 120
_CONTAINERS = (dict, list)


def parse(file: BinaryIO, limits: ParseLimits) -> ParsedDocument:
    """Read JSON, or JSON Lines."""
    text = decode(file.read()).lstrip("\ufeff")
    title, blocks = None, list[Block]()
    try:
        value = load(text)
        title, blocks = _name(value) or None, list(_blocks(value, 1))
    except ValueError:
        pass
    return ParsedDocument(
        media_type=media_types.JSON,
        title=title,
        language=None,
        unit="section",
        pages=split_sections(blocks or text_blocks(text)),
    )


def load(text: str) -> Any:
    """Return the value of JSON, the values of JSON Lines as a list; raises ValueError."""
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except ValueError:
        lines = [line for line in text.split("\n") if line.strip()]
        if len(lines) < 2:
            raise
        return [json.loads(line) for line in lines]


def _blocks(value: Any, level: int) -> Iterator[Block]:
    """Yield what a value says; its own name is a heading already."""
    if level > _MAX_DEPTH:
        yield Block("code", json.dumps(value, ensure_ascii=False, indent=1))
    elif isinstance(value, dict):
        yield from _object(value, level)
    elif isinstance(value, list):
        yield from _list(value, level)
    else:
        yield from records.lines([("", _shown(value))])


def _object(value: dict[str, Any], level: int) -> Iterator[Block]:
    simple = [
        (name, _shown(item)) for name, item in value.items() if not isinstance(item, _CONTAINERS)
    ]
    yield from records.lines(simple)
    for name, item in value.items():
        if isinstance(item, _CONTAINERS) and item:
            if _is_short_list(item):
                yield from records.lines([(name, ", ".join(map(_shown, item)))])
            else:
                yield records.heading(name, level)
                yield from _blocks(item, level + 1)


def _list(values: list[Any], level: int) -> Iterator[Block]:
    if not any(isinstance(value, _CONTAINERS) for value in values):
        yield from records.items(map(_shown, values))
        return
    table = records.table([_flat(value) for value in values]) if _are_similar(values) else None
    if table is not None:
        yield table
        return
    for number, value in enumerate(values, start=1):
        if isinstance(value, _CONTAINERS):
            yield records.heading(_name(value) or str(number), level)
            yield from _blocks(value, level + 1)
        else:
            yield from records.items([_shown(value)])


def _are_similar(values: list[Any]) -> bool:
    return all(
        isinstance(value, dict)
        and not any(isinstance(item, _CONTAINERS) and not _is_short_list(item)
                    for item in value.values())
        for value in values
    )  # fmt: skip


def _flat(value: dict[str, Any]) -> dict[str, str]:
    return {
        name: ", ".join(map(_shown, item)) if isinstance(item, list) else _shown(item)
        for name, item in value.items()
        if not isinstance(item, dict)
    }


def _is_short_list(value: Any) -> bool:
    return (
        isinstance(value, list)
        and not any(isinstance(item, _CONTAINERS) for item in value)
        and sum(len(_shown(item)) for item in value) <= _MAX_NAME_CHARS
    )


def _name(value: Any) -> str:
    """Return what an object is called, "" if it has no name."""
    if not isinstance(value, dict):
        return ""
    folded = {name.lower(): item for name, item in value.items()}
    found = (folded.get(name) for name in _NAMES)
    return next(
        (_shown(name) for name in found
         if isinstance(name, str | int) and 0 < len(_shown(name)) <= _MAX_NAME_CHARS),
        "",
    )  # fmt: skip


def _shown(value: Any) -> str:
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, bool | float) else str(value)
