"""Follows the groups of an RTF file: what each control word does to the text after it."""

from ingestion.errors import UnsafeDocument
from ingestion.parse_warnings import ParseWarning, WarningCode
from ingestion.parsing.document import Block
from ingestion.parsing.rtf.charsets import Font, decode
from ingestion.parsing.rtf.definitions import Definitions
from ingestion.parsing.rtf.fields import FormField, symbol
from ingestion.parsing.rtf.flow import BODY_TEXT, Flow, joined_surrogates
from ingestion.parsing.rtf.formats import FORMATS
from ingestion.parsing.rtf.objects import embedded_name
from ingestion.parsing.rtf.state import State
from ingestion.parsing.rtf.tokens import characters, tokens, words
from ingestion.parsing.rtf.words import (
    CAPTURED,
    CELL_ENDS,
    CHARACTERS,
    CONTROL_SYMBOLS,
    DEFINITION_WORDS,
    FLOWS,
    KNOWN,
    PARAGRAPH_ENDS,
    ROW_WORDS,
    SHOWN,
    SKIPPED,
)
from ingestion.parsing.text.normalise import one_line
from ingestion.parsing.text.visibility import MAX_TINY_POINTS

_MAX_DEPTH = 10_000
_SYMBOL_AREA = 0xF000
# Of an embedded file only the name is read.
_MAX_OBJECT_BYTES = 8192
_TABLES = frozenset({"fonttbl", "colortbl", "stylesheet"})


class Reader:
    """Reads one file: `read`, then look at `blocks`, `title` and `warnings`."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.title = ""
        self._has_hidden_text = self._has_invisible_text = self._has_background = False
        self._embedded: list[str] = []
        self._state = State(Flow())
        self._stack: list[State] = []
        self._definitions = Definitions()
        self._chars_to_skip = 0
        self._starred = False
        self._form = FormField()
        self._author = ""
        self._notes = 0
        self._headers: dict[str, str] = {}

    def read(self, data: bytes) -> None:
        """Read the whole file; raises UnsafeDocument if its groups are nested without end."""
        for kind, text in tokens(data):
            if kind == "bytes":
                self._bytes(text)
            elif kind == "words":
                for name, value in words(text):
                    self._word(name, value)
            elif kind == "{":
                self._open()
            elif kind == "}":
                if not self._close():
                    break
            elif kind == "binary":
                self._chars_to_skip = max(self._chars_to_skip - 1, 0)
            else:
                self._symbol(text.decode("latin-1"))
        while self._close():
            pass
        body = self._state.flow.finish(
            self._state.layout, self._definitions.heading_level(self._state.layout)
        )
        self.blocks = [*self._page_texts("header"), *body, *self._page_texts("footer")]

    def warnings(self) -> tuple[ParseWarning, ...]:
        """Return what a reader must know of the file that was read."""
        found = {
            WarningCode.UNREAD_FILES: bool(self._embedded),
            WarningCode.HIDDEN_TEXT: self._has_hidden_text,
            WarningCode.INVISIBLE_TEXT: self._has_invisible_text and not self._has_background,
        }
        names = {WarningCode.UNREAD_FILES: tuple(self._embedded)}
        return tuple(ParseWarning(code, names.get(code, ())) for code in found if found[code])

    def _bytes(self, text: bytes) -> None:
        self._starred = False
        state = self._state
        if state.skip:
            return
        is_raw = not text.isascii()
        data = characters(text[:_MAX_OBJECT_BYTES] if state.captured == "objdata" else text)
        if self._chars_to_skip:
            dropped = min(self._chars_to_skip, len(data))
            self._chars_to_skip -= dropped
            data = data[dropped:]
        font = None if state.captured == "fonttbl" else self._definitions.font(state.font)
        if font is not None and font.is_symbol:
            self._emit(font.symbols(data))
        elif data.isascii():
            self._emit(data.decode("ascii"))
        else:
            default = self._definitions.encoding
            encoding = font.encoding(default) if font else default
            self._emit(decode(data, encoding, default, is_raw=is_raw))

    def _emit(self, text: str) -> None:
        state = self._state
        if state.skip or not text:
            return
        if state.captured in _TABLES:
            self._definitions.add_text(state.captured, text)
        elif state.capture is not None:
            state.capture.append(text)
        elif state.hidden:
            self._has_hidden_text |= not text.isspace()
        elif not state.deleted:
            state.flow.add(text)
            if not self._has_invisible_text and self._is_invisible(state):
                self._has_invisible_text = not text.isspace()

    def _is_invisible(self, state: State) -> bool:
        """Tell whether letters are too small, or look like what is behind them; boxes and shaded
        rows may have any colour behind them."""
        if state.half_points <= 2 * MAX_TINY_POINTS:
            return True
        if not state.colour or state.kind == "box":
            return False
        if state.layout.in_table and state.flow.row.is_shaded:
            return False
        ground = state.ground or state.layout.ground
        return self._definitions.look_alike(state.colour, ground)

    def _open(self) -> None:
        if len(self._stack) >= _MAX_DEPTH:
            raise UnsafeDocument("groups are nested too deeply")
        self._chars_to_skip = 0
        self._stack.append(self._state)
        self._state = self._state.inner()
        if self._state.captured == "stylesheet":
            self._definitions.begin_style()

    def _close(self) -> bool:
        """End a group; return False after the outermost one."""
        self._chars_to_skip = 0
        if not self._stack:
            return False
        closed, self._state = self._state, self._stack.pop()
        if closed.flow is not self._state.flow:
            self._deliver(closed.kind, closed.flow.finish(closed.layout, 0))
        elif closed.capture is not None and closed.capture is not self._state.capture:
            self._take(closed.captured, joined_surrogates("".join(closed.capture)))
        return bool(self._stack)

    def _deliver(self, kind: str, blocks: list[Block]) -> None:
        """Put a flow that has ended where it belongs."""
        text = one_line(" ".join(block.text for block in blocks))
        if kind == "box":
            self._state.flow.attach(blocks)
        elif not text:
            return
        elif kind == "note":
            self._notes += 1
            self._state.flow.attach([Block("paragraph", f"Note {self._notes} : {text}")])
        elif kind == "comment":
            author = f"{self._author}: " if self._author else ""
            self._state.flow.attach([Block("paragraph", f"[{author}{text}]")])
            self._author = ""
        else:
            self._headers.setdefault(text, kind)

    def _take(self, name: str, text: str) -> None:
        """Use the text of a group that stood outside the flow."""
        if name == "title":
            self.title = one_line(text)
        elif name in ("listtext", "pntext"):
            self._state.flow.marker = text
        elif name == "atnauthor":
            self._author = one_line(text)
        elif name == "ffl":
            self._form.items.append(text)
        elif name == "fldinst":
            self._take_field(text)
        elif name == "objdata" and (file_name := embedded_name(text)):
            self._embedded.append(file_name)

    def _take_field(self, instruction: str) -> None:
        found = symbol(instruction)
        shown = Font(found[1]).symbols([found[0] % 256]) if found else self._form.text()
        self._form = FormField()
        self._state.field_is_read = bool(shown)
        self._emit(shown)

    def _page_texts(self, kind: str) -> list[Block]:
        return [Block("paragraph", text) for text, found in self._headers.items() if found == kind]

    def _symbol(self, name: str) -> None:
        if name == "*":
            self._starred = True
        elif self._chars_to_skip:
            self._chars_to_skip -= 1
        elif name in "\r\n":
            self._end_paragraph()
        else:
            self._emit(CONTROL_SYMBOLS.get(name, ""))

    def _word(self, name: str, value: int | None) -> None:
        starred, self._starred = self._starred, False
        if name == "u" and value is not None:
            self._unicode(value)
            return
        if self._chars_to_skip and name in CHARACTERS:
            self._chars_to_skip -= 1
            return
        self._chars_to_skip = 0
        state = self._state
        if state.skip:
            self._word_in_skipped_group(name)
        elif name in FORMATS and not starred and state.captured not in _TABLES:
            FORMATS[name](state, value)
        elif name in KNOWN or starred:
            self._known_word(name, value, starred=starred)

    def _known_word(self, name: str, value: int | None, *, starred: bool) -> None:
        state = self._state
        if name in FLOWS:
            self._begin_flow(FLOWS[name])
        elif name in CAPTURED:
            state.capture, state.captured = [], name
        elif name in SKIPPED or (starred and name not in SHOWN):
            state.skip, state.kind = True, name
            state.shows_unicode = name == "upr"
            self._has_background |= name == "background"
        elif name in CHARACTERS:
            self._emit(CHARACTERS[name])
        elif name in PARAGRAPH_ENDS:
            self._end_paragraph()
        elif state.captured == "formfield":
            self._form.apply(name, value or 0)
        elif name in CELL_ENDS:
            CELL_ENDS[name](state.flow)
        elif name == "nesttableprops":
            state.kind = name
        elif name in ROW_WORDS:
            if state.kind != "nesttableprops":
                state.flow.row.apply(name, value)
        elif name in DEFINITION_WORDS:
            self._definitions.apply(state.captured, name, value)
        elif name == "NeXTGraphic" and self._stack:  # a name, then a sign in the group around it
            state.skip = self._stack[-1].skip = True

    def _unicode(self, value: int) -> None:
        code = value + 0x10000 if value < 0 else value
        self._chars_to_skip = self._state.fallback_chars
        if self._state.captured != "fonttbl" and code & 0xFF00 == _SYMBOL_AREA:
            font = self._definitions.font(self._state.font)
            if font is not None and font.is_symbol:
                self._emit(font.symbols([code & 0xFF]))
                return
        if 0 < code < 0x110000:
            self._emit(chr(code))

    def _word_in_skipped_group(self, name: str) -> None:
        state = self._state
        if name == "ud" and state.shows_unicode:
            state.skip = False
        elif name == "title" and state.kind == "info":
            state.skip, state.capture, state.captured = False, [], name

    def _begin_flow(self, kind: str) -> None:
        state = self._state
        state.flow, state.kind, state.layout = Flow(), kind, BODY_TEXT
        state.capture, state.captured = None, ""

    def _end_paragraph(self) -> None:
        if self._state.capture is None:
            self._state.flow.end_paragraph(
                self._state.layout, self._definitions.heading_level(self._state.layout)
            )
