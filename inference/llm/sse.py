"""Server-sent events as model servers really send them.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html. More tolerant than the
standard, as servers need it: events without a blank line between them, a last line without its end,
JSON without `data:`. Bytes are cut into lines before they are decoded, so that a character split
between two reads stays whole.
"""

from dataclasses import dataclass, field

from inference.errors import ProtocolError

MAX_LINE_BYTES = 4 * 1024 * 1024
_DATA, _OBJECT, _OBJECT_ENDS = b"data: ", b"data: {", (b"}", b"}\r")


@dataclass(frozen=True, slots=True)
class ServerEvent:
    """One event: its data, and its name ("" when the server gives none)."""

    data: str
    name: str = ""

    @property
    def is_done(self) -> bool:
        """Tell the `[DONE]` that ends an OpenAI stream."""
        return self.data == "[DONE]"


@dataclass
class EventDecoder:
    """Turn bytes, cut anywhere, into events."""

    max_line_bytes: int = MAX_LINE_BYTES
    _rest: bytes = b""
    _name: str = ""
    _data: list[str] = field(default_factory=list)

    def feed(self, received: bytes) -> list[ServerEvent]:
        """Return the events that these bytes complete.

        Raises ProtocolError for a line longer than `max_line_bytes`.
        """
        *lines, self._rest = (self._rest + received).split(b"\n")
        if len(self._rest) > self.max_line_bytes:
            raise ProtocolError(f"A line of the stream exceeds {self.max_line_bytes} bytes.")
        return [event for line in lines if (event := self._take(line)) is not None]

    def close(self) -> list[ServerEvent]:
        """Return the events left open when the stream ends, but none that was cut in two."""
        last_line, self._rest = self._rest, b""
        events = [self._take(last_line), self._flush()]
        return [each for each in events if each is not None and (each.name or _is_whole(each.data))]

    def _take(self, raw_line: bytes) -> ServerEvent | None:
        if raw_line.startswith(_OBJECT) and raw_line.endswith(_OBJECT_ENDS):
            # Nearly all lines that are not empty.
            if not self._data and not self._name:
                return ServerEvent(raw_line[len(_DATA) :].rstrip(b"\r").decode(errors="replace"))
        elif not raw_line and not self._data:
            self._name = ""
            return None
        line = raw_line.decode(errors="replace").removesuffix("\r")
        if not line:
            return self._flush()
        if line.startswith(":"):
            return None
        if line.startswith("{"):
            return ServerEvent(line)
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "event":
            self._name = value
        elif name == "data":
            self._data.append(value)
            if len(self._data) == 1 and _is_whole(value):
                return self._flush()
        return None

    def _flush(self) -> ServerEvent | None:
        event = ServerEvent("\n".join(self._data), self._name)
        self._data, self._name = [], ""
        return event if event.data.strip() else None


def _is_whole(data: str) -> bool:
    return data == "[DONE]" or (data.startswith("{") and data.endswith("}"))
