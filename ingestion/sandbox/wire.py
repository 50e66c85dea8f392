"""Requests to the child and its results, as JSON.

A child has read an untrusted file, so its result is not trusted either: it is rebuilt field by
field, and unexpected data raises ParserCrashed.
"""

from dataclasses import dataclass
from typing import Any

import orjson

from ingestion.errors import IngestionError, ParserCrashed, error_for_code
from ingestion.parse_warnings import (
    MAX_DETAIL_CHARS,
    MAX_DETAILS,
    ParseWarning,
    WarningCode,
)
from ingestion.parsing.document import (
    BLOCK_KINDS,
    UNITS,
    Block,
    ParsedDocument,
    ParsedPage,
    Passage,
)
from ingestion.parsing.limits import ParseLimits


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A parsed document and its passages; the caller adds the processor time that they took."""

    document: ParsedDocument
    passages: tuple[Passage, ...]
    cpu_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ParseRequest:
    """What the child must know about its file."""

    name: str
    chunk_tokens: int
    limits: ParseLimits


def dump_request(request: ParseRequest) -> bytes:
    """Return the request as JSON."""
    return orjson.dumps(request)


def load_request(data: bytes) -> ParseRequest:
    """Return the request that `dump_request` wrote."""
    raw = orjson.loads(data)
    return ParseRequest(
        name=raw["name"],
        chunk_tokens=raw["chunk_tokens"],
        limits=ParseLimits(**raw["limits"]),
    )


def dump_result(result: ParsedFile | IngestionError) -> bytes:
    """Return a parsed file or an error as JSON."""
    if isinstance(result, IngestionError):
        return orjson.dumps({"error": {"code": result.code, "detail": str(result)[:2000]}})
    return orjson.dumps(result)


def load_result(data: bytes) -> ParsedFile:
    """Return the parsed file that `dump_result` wrote, or raise the error that it wrote.

    Raises ParserCrashed for unexpected data.
    """
    try:
        raw = orjson.loads(data)
        if "error" in raw:
            raise error_for_code(str(raw["error"]["code"]))(str(raw["error"]["detail"]))
        document = _document(raw["document"])
        return ParsedFile(document, tuple(_passage(item) for item in raw["passages"]))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ParserCrashed(f"unreadable result: {error}") from error


def _document(raw: dict[str, Any]) -> ParsedDocument:
    unit = raw["unit"]
    if unit not in UNITS:
        raise ValueError(f"unit {unit!r}")
    return ParsedDocument(
        media_type=_text(raw["media_type"]),
        title=_optional_text(raw["title"]),
        language=_optional_text(raw["language"]),
        unit=unit,
        pages=tuple(_page(item) for item in raw["pages"]),
        warnings=_warnings(raw["warnings"]),
    )


def _page(raw: dict[str, Any]) -> ParsedPage:
    blocks = tuple(_block(item) for item in raw["blocks"])
    return ParsedPage(_count(raw["number"]), _text(raw["label"]), blocks)


def _block(raw: dict[str, Any]) -> Block:
    kind = raw["kind"]
    if kind not in BLOCK_KINDS:
        raise ValueError(f"block kind {kind!r}")
    return Block(kind, _text(raw["text"]), _count(raw["level"]))


def _warnings(raw: list[dict[str, Any]]) -> tuple[ParseWarning, ...]:
    if len(raw) > len(WarningCode):
        raise ValueError("too many warnings")
    return tuple(_warning(item) for item in raw)


def _warning(raw: dict[str, Any]) -> ParseWarning:
    details = tuple(_text(item) for item in raw["details"])
    if len(details) > MAX_DETAILS or any(len(item) > MAX_DETAIL_CHARS for item in details):
        raise ValueError("too many details")
    return ParseWarning(WarningCode(raw["code"]), details)


def _passage(raw: dict[str, Any]) -> Passage:
    return Passage(
        position=_count(raw["position"]),
        text=_text(raw["text"]),
        heading=_text(raw["heading"]),
        page_start=_count(raw["page_start"]),
        page_end=_count(raw["page_end"]),
        char_start=_count(raw["char_start"]),
        char_end=_count(raw["char_end"]),
        token_count=_count(raw["token_count"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError("not a text")
    return value


def _optional_text(value: object) -> str | None:
    return None if value is None else _text(value)


def _count(value: object) -> int:
    if not isinstance(value, int) or not 0 <= value < 2**31:
        raise ValueError("not a count")
    return value
