"""Requests of the kinds of sources, with the errors of sources."""

import json
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from sources.errors import (
    AccessDenied,
    AnswerRefused,
    ItemGone,
    RobotsRefused,
    ServerFault,
    SourceError,
)
from web.outbound.client import Answer, Call, OutboundClient

_NOT_MODIFIED = 304


def send(client: OutboundClient, call: Call) -> Answer:
    """Make a request and return its answer, which is a success or "not modified".

    Raises SourceError or OutboundError.
    """
    answer = client.send(call)
    if answer.status == _NOT_MODIFIED or answer.status // 100 == 2:
        return answer
    answer.content.close()
    raise _error_of(answer.status)(f"{call.url}: {answer.status}")


def is_unchanged(answer: Answer) -> bool:
    """Whether the server says that the version which was asked about is the present one."""
    return answer.status == _NOT_MODIFIED


def conditions(mark: str) -> dict[str, str]:
    """Return the headers that ask for another version than that of ``version_of``."""
    etag, _space, modified = mark.partition("\n")
    headers = {"If-None-Match": etag} if etag else {}
    return headers | ({"If-Modified-Since": modified} if modified else {})


def version_of(answer: Answer) -> str:
    """Return ETag and Last-Modified of an answer; empty when it has neither."""
    etag = answer.headers.get("ETag", "").strip()
    modified = answer.headers.get("Last-Modified", "").strip()
    return f"{etag}\n{modified}" if etag or modified else ""


def media_type_of(answer: Answer) -> str:
    """Return the media type of an answer, in lower case and without its parameters."""
    return str(answer.headers.get("Content-Type", "")).partition(";")[0].strip().lower()


def charset_of(answer: Answer) -> str | None:
    """Return the charset that an answer declares, if it does."""
    message = Message()
    message["Content-Type"] = answer.headers.get("Content-Type", "")
    return message.get_content_charset()


def json_of(answer: Answer) -> Any:
    """Return the value of a JSON answer. Raises AnswerRefused."""
    try:
        return json.loads(answer.read())
    except (ValueError, RecursionError) as error:
        raise AnswerRefused(f"{answer.url}: not JSON") from error


def xml_of(answer: Answer) -> Element:
    """Return the root of an XML answer, without entities or a DTD. Raises AnswerRefused."""
    try:
        root: Element = ElementTree.fromstring(answer.read(), forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise AnswerRefused(f"{answer.url}: {type(error).__name__}") from error
    return root


def local_name(element: Element) -> str:
    """Return the name of an element without its namespace."""
    tag: Any = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def text_of(element: Element, *names: str) -> str:
    """Return the text of the first child with one of these local names, or an empty text."""
    for child in element:
        if local_name(child) in names and child.text and child.text.strip():
            return child.text.strip()
    return ""


def http_date(text: str) -> datetime | None:
    """Return a date of HTTP, in UTC; None if it is none."""
    try:
        return parsedate_to_datetime(text).astimezone(UTC)
    except (TypeError, ValueError):
        return None


def _error_of(status: int) -> type[SourceError]:
    if status in (404, 410):
        return ItemGone
    if status in (401, 403, 407):
        return AccessDenied
    if status == 451:
        return RobotsRefused
    if status in (408, 425, 429) or status >= 500:
        return ServerFault
    return AnswerRefused
