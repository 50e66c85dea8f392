"""What the header of an RTF file defines: its code page, fonts, colours and styles."""

from ingestion.parsing.rtf.charsets import DEFAULT_ENCODING, Font, code_page_encoding
from ingestion.parsing.rtf.flow import ParagraphStyle
from ingestion.parsing.rtf.styles import Style, outline_level
from ingestion.parsing.text.visibility import BLACK, WHITE, Colour, look_alike

_ENCODING_WORDS = {"ansi": DEFAULT_ENCODING, "mac": "mac_roman", "pc": "cp437", "pca": "cp850"}

_CHANNELS = ("red", "green", "blue")


class Definitions:
    """Filled while the header is read, asked by the text after it."""

    def __init__(self) -> None:
        self.encoding = DEFAULT_ENCODING
        self._default_font = 0
        self._fonts: dict[int, Font] = {}
        self._font = Font()
        self._styles: dict[int, Style] = {}
        self._style = Style()
        # The first colour, number 0, is "automatic" in most files.
        self._colours: list[Colour | None] = []
        self._channels: dict[str, int] = {}

    def font(self, number: int | None) -> Font | None:
        """Return a font by its number, the default one for None; None if it is not defined."""
        return self._fonts.get(self._default_font if number is None else number)

    def heading_level(self, layout: ParagraphStyle) -> int:
        """Return the level of a heading from 1, or 0 for other paragraphs."""
        if layout.outline is not None:
            return outline_level(layout.outline)
        style = self._styles.get(layout.style)
        return style.heading_level() if style else 0

    def begin_style(self) -> None:
        """Begin an entry of the style sheet, whose number is 0 unless it says another."""
        self._style = self._styles.setdefault(0, Style())

    def look_alike(self, letters: int, ground: int) -> bool:
        """Tell whether letters in a colour vanish on another; number 0 is black on white."""
        return look_alike(self._colour(letters) or BLACK, self._colour(ground) or WHITE)

    def _colour(self, number: int) -> Colour | None:
        return self._colours[number] if 0 <= number < len(self._colours) else None

    def add_text(self, table: str, text: str) -> None:
        """Add text of a table: the name of the current font or style, or the end of a colour."""
        if table == "fonttbl":
            self._font.name += text
        elif table == "stylesheet":
            self._style.name += text
        else:
            for _ in range(text.count(";")):
                self._end_colour()

    def _end_colour(self) -> None:
        channels = (self._channels.get(name, 0) for name in _CHANNELS)
        red, green, blue = (min(max(value, 0), 255) for value in channels)
        colour = (red, green, blue) if self._channels else None
        self._colours.append(colour)
        self._channels = {}

    def apply(self, table: str, name: str, value: int | None) -> None:
        """Apply a control word that defines something."""
        number = value or 0
        if table == "fonttbl" and name == "f":
            self._font = self._fonts.setdefault(number, Font())
        elif table == "fonttbl" and name == "fcharset":
            self._font.charset = number
        elif table == "fonttbl" and name == "cpg":
            self._font.code_page = number
        elif table == "stylesheet" and name in ("s", "cs", "ds", "ts"):
            self._style = self._styles.setdefault(number, Style()) if name == "s" else Style()
        elif table == "stylesheet" and name == "outlinelevel":
            self._style.outline = number
        elif name == "deff":
            self._default_font = number
        elif name == "ansicpg" and number:
            self.encoding = code_page_encoding(number)
        elif name in _CHANNELS:
            self._channels[name] = number
        elif name in _ENCODING_WORDS:
            self.encoding = _ENCODING_WORDS[name]
