"""Follows the groups of an RTF file: what each control word does to the text after it."""

from ingestion.errors import UnsafeDocument
from ingestion.parsing.document import Block
from ingestion.parsing.rtf.charsets import Font, decode
from ingestion.parsing.rtf.definitions import Definitions
from ingestion.parsing.rtf.fields import FormField, symbol
from ingestion.parsing.rtf.flow import BODY_TEXT, Flow, joined_surrogates
from ingestion.parsing.rtf.state import State
from ingestion.parsing.rtf.tables import CellEdge
from ingestion.parsing.rtf.tokens import Token, tokens
from ingestion.parsing.rtf.words import (
    CAPTURED,
    CHARACTERS,
    CONTROL_SYMBOLS,
    FLOWS,
    KNOWN,
    PARAGRAPH_ENDS,
    SHOWN,
    SKIPPED,
)
from ingestion.parsing.text.normalise import one_line

_MAX_DEPTH = 10_000
_SYMBOL_AREA = 0xF000


class Reader:
    """Reads one file: `read`, then look at `blocks`, `title` and `has_hidden_text`."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.title = ""
        self.has_hidden_text = False
        self._state = State(Flow())
        self._stack: list[State] = []
        self._definitions = Definitions()
        self._chars_to_skip = 0
        self._starred = False
        self._form = FormField()
        self._author = ""
        self._notes = 0
        self._joins_left = self._joins_above = False
        self._headers: dict[str, str] = {}

    def read(self, data: bytes) -> None:
        """Read the whole file; raises UnsafeDocument if its groups are nested without end."""
        for token in tokens(data):
            if token.kind == "bytes":
                self._bytes(token)
            elif token.kind == "{":
                self._open()
            elif token.kind == "}":
                if not self._close():
                    break
            elif token.kind == "binary":
                self._chars_to_skip = max(self._chars_to_skip - 1, 0)
            elif token.kind == "symbol":
                self._symbol(token.name)
            else:
                self._word(token.name, token.value)
        while self._close():
            pass
        body = self._state.flow.finish(
            self._state.layout, self._definitions.heading_level(self._state.layout)
        )
        self.blocks = [*self._page_texts("header"), *body, *self._page_texts("footer")]

    def _bytes(self, token: Token) -> None:
        data = token.data
        self._starred = False
        if self._state.skip:
            return
        if self._chars_to_skip:
            dropped = min(self._chars_to_skip, len(data))
            self._chars_to_skip -= dropped
            data = data[dropped:]
        font = self._current_font()
        if font is not None and font.is_symbol:
            self._emit(font.symbols(data))
        else:
            default = self._definitions.encoding
            encoding = font.encoding(default) if font else default
            self._emit(decode(data, encoding, default, is_raw=token.is_raw))

    def _current_font(self) -> Font | None:
        if self._state.captured == "fonttbl":
            return None
        return self._definitions.font(self._state.font)

    def _emit(self, text: str) -> None:
        state = self._state
        if state.skip or not text:
            return
        if state.captured in ("fonttbl", "stylesheet"):
            self._definitions.add_name(state.captured, text)
        elif state.capture is not None:
            state.capture.append(text)
        elif state.hidden:
            self.has_hidden_text |= not text.isspace()
        elif not state.deleted:
            state.flow.add(text)

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
        if name not in KNOWN and not starred:
            self._chars_to_skip = 0
            return
        state = self._state
        if name == "u" and value is not None:
            self._unicode(value)
            return
        if self._chars_to_skip and name in CHARACTERS:
            self._chars_to_skip -= 1
            return
        self._chars_to_skip = 0
        if state.skip:
            self._word_in_skipped_group(name)
        elif name in FLOWS:
            self._begin_flow(FLOWS[name])
        elif name in CAPTURED:
            state.capture, state.captured = [], name
        elif name in SKIPPED or (starred and name not in SHOWN):
            state.skip, state.kind = True, name
            state.shows_unicode = name == "upr"
        elif name in CHARACTERS:
            self._emit(CHARACTERS[name])
        elif name in PARAGRAPH_ENDS:
            self._end_paragraph()
        elif state.captured == "formfield":
            self._form.apply(name, value or 0)
        elif not self._table_word(name, value) and not self._definitions.apply(
            state.captured, name, value
        ):
            self._format_word(name, value)

    def _unicode(self, value: int) -> None:
        code = value + 0x10000 if value < 0 else value
        self._chars_to_skip = self._state.fallback_chars
        font = self._current_font()
        if font is not None and font.is_symbol and code & 0xFF00 == _SYMBOL_AREA:
            self._emit(font.symbols([code & 0xFF]))
        elif 0 < code < 0x110000:
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

    def _table_word(self, name: str, value: int | None) -> bool:
        """Apply a word about tables; return whether it is one."""
        flow = self._state.flow
        in_nested_properties = self._state.kind == "nesttableprops"
        if name == "cell":
            flow.end_cell()
        elif name == "row":
            flow.end_row()
        elif name == "nestcell":
            flow.end_nested_cell()
        elif name == "nestrow":
            flow.end_nested_row()
        elif name == "nesttableprops":
            self._state.kind = name
        elif name in ("intbl", "itap"):
            self._state.layout = self._state.layout._replace(in_table=value != 0)
        elif name == "trowd" and not in_nested_properties:
            flow.edges = []
            self._joins_left = self._joins_above = False
        elif name == "clmrg":
            self._joins_left = True
        elif name == "clvmrg":
            self._joins_above = True
        elif name == "cellx" and not in_nested_properties:
            flow.edges.append(CellEdge(value or 0, self._joins_left, self._joins_above))
            self._joins_left = self._joins_above = False
        else:
            return False
        return True

    def _format_word(self, name: str, value: int | None) -> None:
        state = self._state
        if name == "f":
            state.font = value
        elif name == "uc":
            state.fallback_chars = max(value or 0, 0)
        elif name == "v":
            state.hidden = value != 0
        elif name == "deleted":
            state.deleted = value != 0
        elif name == "plain":
            state.font, state.hidden, state.deleted = None, False, False
        elif name == "pard":
            state.layout = BODY_TEXT
        elif name == "s":
            state.layout = state.layout._replace(style=value or 0)
        elif name == "outlinelevel":
            state.layout = state.layout._replace(outline=value)
        elif name == "ilvl":
            state.layout = state.layout._replace(list_level=min(max(value or 0, 0), 8))
        elif name == "field":
            state.field_is_read = False
        elif name == "fldrslt":
            state.skip |= state.field_is_read
        elif name == "NeXTGraphic" and self._stack:  # a name, then a sign in the group around it
            state.skip = self._stack[-1].skip = True
