"""Tells an e-mail from other texts: it begins with its header fields."""

import re

_HEADER = re.compile(r"^([A-Za-z][A-Za-z0-9-]*):[ \t]?.*(?:\n[ \t].*)*\n?", re.M)
_FIELDS = frozenset(
    [
        "from",
        "to",
        "subject",
        "date",
        "received",
        "return-path",
        "message-id",
        "mime-version",
        "delivered-to",
        "sender",
        "cc",
        "reply-to",
        "content-type",
        "x-mailer",
        "dkim-signature",
    ]
)


def is_mail(text: str) -> bool:
    """Tell whether a text is a message, in which at least three known fields come first."""
    at, known = 0, 0
    text = text.removeprefix("\n")
    if text.startswith("From "):
        at = text.find("\n") + 1
    while field := _HEADER.match(text, at):
        known += field.group(1).lower() in _FIELDS
        at = field.end()
    return known >= 3 and (at >= len(text) or text[at] == "\n")
