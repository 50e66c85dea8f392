"""Lists and fetches the messages of a folder. A message never changes."""

import re
from contextlib import suppress
from email import policy
from email.parser import BytesHeaderParser
from io import BytesIO
from typing import Any, Final

from sources.errors import AnswerRefused, ItemGone, SourceError
from sources.interface import Fetched, Item, ItemPage, Opening
from sources.kinds.imap.connection import Connection, mail_errors, modified_utf7, opened, quoted

_PER_PAGE: Final = 200
_MAX_LIST_BYTES: Final = 8 << 20
_HEADERS: Final = "(UID BODY.PEEK[HEADER.FIELDS (SUBJECT DATE)])"
_UID: Final = re.compile(rb"\bUID (\d+)")


class ImapReader:
    """Logs in at its first call; the cursor is the number below which the list continues."""

    def __init__(self, opening: Opening) -> None:
        self._opening, self._options = opening, opening.options
        self._connection: Connection | None = None
        # UIDVALIDITY: while it is the same, so are the numbers of messages.
        self._validity = 0
        self.delay_s = 0.0
        self.max_items = opening.max_items

    def list_items(self, cursor: Any) -> ItemPage:
        """Return a part of the messages, the newest first."""
        with mail_errors():
            connection = self._connected()
            connection.allow(_MAX_LIST_BYTES)
            numbers = _numbers(connection.uid("SEARCH", "UNDELETED"))
            below = cursor["below"] if cursor else max(numbers, default=0) + 1
            numbers = sorted((number for number in numbers if number < below), reverse=True)
            page, rest = numbers[:_PER_PAGE], numbers[_PER_PAGE:]
            if not page:
                return ItemPage(())
            connection.allow(_MAX_LIST_BYTES)
            answer = connection.uid("FETCH", ",".join(map(str, page)), _HEADERS)
            return ItemPage(
                tuple(self._items(answer[1])), cursor={"below": page[-1]} if rest else None
            )

    def fetch(self, item: Item, mark: str) -> Fetched:
        """Fetch a message."""
        with mail_errors():
            connection = self._connected()
            if item.data["validity"] != self._validity:
                raise ItemGone("the folder was numbered anew")
            connection.allow(self._opening.max_bytes)
            _status, parts = connection.uid("FETCH", str(item.data["uid"]), "(BODY.PEEK[])")
        for part in parts or []:
            if isinstance(part, tuple):
                return Fetched(BytesIO(part[1]))
        raise ItemGone(item.key)

    def close(self) -> None:
        """Log out."""
        if self._connection is not None:
            with suppress(SourceError), mail_errors():
                self._connection.allow(1 << 16)
                self._connection.logout()
            self._connection = None

    def _connected(self) -> Connection:
        if self._connection is None:
            options = self._options
            connection = opened(
                options["host"],
                options["port"],
                options["security"],
                options["username"],
                self._opening.secrets["password"],
            )
            self._connection = connection
            name = quoted(modified_utf7(options["mailbox"]))
            status, _data = connection.select(name, readonly=True)
            if status != "OK":
                raise ItemGone("there is no folder of this name")
            validity = connection.response("UIDVALIDITY")[1]
            self._validity = int(validity[0] or 0) if validity and validity[0] else 0
        return self._connection

    def _items(self, parts: list[Any]) -> list[Item]:
        found: list[Item] = []
        for number, part in enumerate(parts):
            if not isinstance(part, tuple):
                continue
            # The number stands before the headers, or after them.
            after = parts[number + 1] if number + 1 < len(parts) else b""
            match = _UID.search(part[0]) or _UID.search(after if isinstance(after, bytes) else b"")
            if match is None:
                raise AnswerRefused("a message without a number")
            uid = int(match.group(1))
            key = f"{self._validity}/{uid}"
            data = {"uid": uid, "validity": self._validity}
            found.append(Item(key=key, name=_name(part[1], uid), mark=key, data=data))
        return found


def _numbers(answer: tuple[str, list[Any]]) -> list[int]:
    status, parts = answer
    if status != "OK":
        raise AnswerRefused("the mail server refuses to search")
    return [int(number) for part in parts if part for number in part.split()]


def _name(headers: bytes, uid: int) -> str:
    """Return the name of the file of a message: its subject."""
    subject = BytesHeaderParser(policy=policy.default).parsebytes(headers).get("Subject", "")
    words = re.sub(r"[\s/\\]+", " ", str(subject)).strip()
    return f"{words[:150] or uid}.eml"
