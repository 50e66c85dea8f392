"""Requests to the child, and the results of one that parses, as JSON.

A child has read an untrusted file, so its result is not trusted either: it is rebuilt field by
field, and unexpected data raises ParserCrashed.
"""

from dataclasses import dataclass, field
from dataclasses import fields as dataclass_fields
from typing import Any, get_args

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
    Origin,
    ParsedDocument,
    ParsedPage,
    Passage,
)
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.origin import read_date
from ingestion.parsing.recognised import RecognisedPage, pack, unpack
from ingestion.parsing.unpacking.members import REFUSALS
from ingestion.parsing.unpacking.unpack import Batch, Unpacked, UnpackLimits

# What unexpected data raises when it is rebuilt.
UNEXPECTED = (KeyError, TypeError, ValueError, AttributeError)


@dataclass(frozen=True, slots=True)
class ParsedFile:
    """A parsed document and its passages; the caller adds the processor time that they took.

    ``chunking_seconds`` is the time, by the clock, in which the passages were cut.
    """

    document: ParsedDocument
    passages: tuple[Passage, ...]
    chunking_seconds: float = 0.0
    cpu_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ParseRequest:
    """A file to parse and to cut into passages, with what OCR read on its pages that are images.

    With ``before_ocr``, a file with more of those is not cut into passages.
    """

    name: str
    chunk_tokens: int
    limits: ParseLimits
    recognised: tuple[RecognisedPage, ...] = ()
    before_ocr: bool = False


@dataclass(frozen=True, slots=True)
class PictureRequest:
    """A page of a PDF to draw, ``width`` pixels wide."""

    number: int
    width: int
    limits: ParseLimits


@dataclass(frozen=True, slots=True)
class WordsRequest:
    """A page of a PDF whose words are to be placed."""

    number: int
    limits: ParseLimits


@dataclass(frozen=True, slots=True)
class UnlockRequest:
    """A file whose bytes without its password are wanted; "" if none was given."""

    password: str = field(repr=False)
    limits: ParseLimits


@dataclass(frozen=True, slots=True)
class UnpackRequest:
    """An archive whose members from number ``start`` on are wanted."""

    media_type: str
    name: str
    start: int
    unpack_limits: UnpackLimits
    limits: ParseLimits


@dataclass(frozen=True, slots=True)
class RecogniseRequest:
    """A page of a PDF or a picture to read by OCR."""

    number: int
    limits: ParseLimits


@dataclass(frozen=True, slots=True)
class SoundRequest:
    """A recording whose next part, from ``start_ms`` on, is to be decoded."""

    media_type: str
    start_ms: int
    limits: ParseLimits


Request = (
    ParseRequest
    | PictureRequest
    | WordsRequest
    | UnlockRequest
    | UnpackRequest
    | RecogniseRequest
    | SoundRequest
)
_KINDS: dict[str, type[Request]] = {kind.__name__: kind for kind in get_args(Request)}


def dump_request(request: Request) -> bytes:
    """Return the request as JSON."""
    fields = {field.name: getattr(request, field.name) for field in dataclass_fields(request)}
    if recognised := fields.get("recognised"):
        fields["recognised"] = [pack(page) for page in recognised]
    return orjson.dumps({"kind": type(request).__name__, **fields})


def load_request(data: bytes) -> Request:
    """Return the request that `dump_request` wrote."""
    fields = orjson.loads(data)
    kind = _KINDS[fields.pop("kind")]
    fields["limits"] = ParseLimits(**fields["limits"])
    if "unpack_limits" in fields:
        fields["unpack_limits"] = UnpackLimits(**fields["unpack_limits"])
    if recognised := fields.get("recognised"):
        fields["recognised"] = tuple(unpack(page) for page in recognised)
    return kind(**fields)


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
        raise_error(raw)
        document = _document(raw["document"])
        passages = tuple(_passage(item) for item in raw["passages"])
        return ParsedFile(document, passages, float(raw["chunking_seconds"]))
    except UNEXPECTED as error:
        raise ParserCrashed(f"unreadable result: {error}") from error


def raise_error(raw: dict[str, Any]) -> None:
    """Raise the error that a child wrote instead of a result, if it is one."""
    if "error" in raw:
        raise error_for_code(str(raw["error"]["code"]))(str(raw["error"]["detail"]))


def dump_unlocked(content: bytes | None) -> bytes:
    """Return a line of JSON, then the bytes of a file without its password, if it had one."""
    return orjson.dumps({"unlocked": content is not None}) + b"\n" + (content or b"")


def load_unlocked(data: bytes) -> bytes | None:
    """Return what `dump_unlocked` was given, or raise the error of the child."""
    head, _, content = data.partition(b"\n")
    try:
        raw = orjson.loads(head)
        raise_error(raw)
        return content if raw["unlocked"] is True else None
    except UNEXPECTED as error:
        raise ParserCrashed("unreadable answer") from error


def dump_batch(batch: Batch) -> bytes:
    """Return a line of JSON, then the bytes of all members."""
    members = [[item.name, len(item.content), item.refusal] for item in batch.members]
    head = {"members": members, "is_last": batch.is_last, "is_damaged": batch.is_damaged}
    return b"".join([orjson.dumps(head), b"\n", *(item.content for item in batch.members)])


def load_batch(data: bytes) -> Batch:
    """Return the members that `dump_batch` wrote, or raise the error of the child."""
    head, _, contents = data.partition(b"\n")
    try:
        raw = orjson.loads(head)
        raise_error(raw)
        members: list[Unpacked] = []
        at = 0
        for name, size, refusal in raw["members"]:
            if refusal not in REFUSALS or at + count_of(size) > len(contents):
                raise ValueError("not a member")
            members.append(Unpacked(_text(name), contents[at : at + size], refusal))
            at += size
        return Batch(tuple(members), raw["is_last"] is True, raw["is_damaged"] is True)
    except UNEXPECTED as error:
        raise ParserCrashed(f"unreadable members: {error}") from error


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
        origin=_origin(raw["origin"]),
        scanned=tuple(count_of(number) for number in raw["scanned"]),
        is_cover=raw["is_cover"] is True,
    )


def _origin(raw: dict[str, Any]) -> Origin:
    dated = _optional_text(raw["dated"])
    return Origin(_optional_text(raw["author"]), None if dated is None else read_date(dated))


def _page(raw: dict[str, Any]) -> ParsedPage:
    blocks = tuple(_block(item) for item in raw["blocks"])
    confidence = raw["ocr_confidence"]
    if confidence is not None and count_of(confidence) > 100:
        raise ValueError("not a percentage")
    return ParsedPage(count_of(raw["number"]), _text(raw["label"]), blocks, confidence)


def _block(raw: dict[str, Any]) -> Block:
    kind = raw["kind"]
    if kind not in BLOCK_KINDS:
        raise ValueError(f"block kind {kind!r}")
    return Block(kind, _text(raw["text"]), count_of(raw["level"]))


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
        position=count_of(raw["position"]),
        text=_text(raw["text"]),
        heading=_text(raw["heading"]),
        page_start=count_of(raw["page_start"]),
        page_end=count_of(raw["page_end"]),
        char_start=count_of(raw["char_start"]),
        char_end=count_of(raw["char_end"]),
        token_count=count_of(raw["token_count"]),
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise ValueError("not a text")
    return value


def _optional_text(value: object) -> str | None:
    return None if value is None else _text(value)


def count_of(value: object) -> int:
    """Return a number of something; raises ValueError."""
    if not isinstance(value, int) or not 0 <= value < 2**31:
        raise ValueError("not a count")
    return value
