"""Runs as Word shows them: hidden ones go, letters of symbol fonts become the symbols.

How a run looks is said by itself, by its character style or by the style of its paragraph.
"""

from dataclasses import dataclass, field, replace

from lxml import etree

from ingestion.parse_warnings import WarningCode
from ingestion.parsing.archive import attribute, local_name
from ingestion.parsing.docx.grounds import ground_of, shading_table_styles
from ingestion.parsing.ooxml import child, children, is_on, value_at
from ingestion.parsing.text.symbol_fonts import is_symbol_font, symbol_text
from ingestion.parsing.text.visibility import MAX_TINY_POINTS, WHITE, colour_of, look_alike

_MAX_CHAIN = 20
_KEPT = frozenset({"rPr", "lastRenderedPageBreak"})
# Colours of the theme that are white unless somebody changed it; w:val holds what they are.
_WHITE_THEME_COLOURS = frozenset({"background1", "light1"})
_AUTOMATIC = "auto"


@dataclass(frozen=True, slots=True)
class _Look:
    """What is said of a run; None where nothing is."""

    hidden: bool | None = None
    font: str | None = None
    colour: str | None = None
    half_points: int | None = None

    @property
    def matters(self) -> bool:
        """Whether the look may change what a reader sees."""
        return bool(
            self.hidden
            or is_symbol_font(self.font)
            or self.colour not in (None, _AUTOMATIC)
            or self.is_tiny
        )

    @property
    def is_tiny(self) -> bool:
        return self.half_points is not None and self.half_points <= 2 * MAX_TINY_POINTS


@dataclass(slots=True)
class RunStyles:
    """The styles that change what a run shows, by id, with those that they are based on."""

    _looks: dict[str, _Look] = field(default_factory=dict)
    _based_on: dict[str, str] = field(default_factory=dict)
    _default: str = ""
    _matter: bool = False
    _shaded_tables: frozenset[str] = frozenset()

    @classmethod
    def read(cls, root: etree._Element | None) -> "RunStyles":
        """Return the styles of a `styles.xml` part, or of a document without one."""
        styles = cls()
        if root is None:
            return styles
        styles._shaded_tables = shading_table_styles(root)
        if not _has_marks(root):
            return styles
        for element in children(root, "style"):
            style = attribute(element, "styleId") or ""
            styles._looks[style] = _look(child(element, "rPr"))
            styles._based_on[style] = value_at(element, "basedOn") or ""
            is_default = attribute(element, "default") in ("1", "true")
            if is_default and attribute(element, "type") == "paragraph":
                styles._default = style
        styles._matter = any(look.matters for look in styles._looks.values())
        return styles

    def show(self, root: etree._Element) -> frozenset[WarningCode]:
        """Make of the runs in `root`, in place, what Word shows; return what a reader must know."""
        found: set[WarningCode] = set()
        if not self._matter and not _has_marks(root):
            return frozenset()
        background = child(root, "background")
        page = WHITE if background is None else colour_of(attribute(background, "color"))
        for run in list(root.iter("{*}r")):
            look = self._look_of(run)
            if not look.matters:
                continue
            if look.hidden:
                if _has_text(run):
                    found.add(WarningCode.HIDDEN_TEXT)
                _empty(run)
            elif WarningCode.INVISIBLE_TEXT not in found and _has_text(run):
                colour = colour_of(look.colour)
                ground = ground_of(run, page, self._shaded_tables) if colour else None
                if look.is_tiny or look_alike(colour, ground):
                    found.add(WarningCode.INVISIBLE_TEXT)
            if look.font is not None and is_symbol_font(look.font):
                for item in children(run, "t"):
                    item.text = symbol_text(item.text or "", look.font)
        return frozenset(found)

    def _look_of(self, run: etree._Element) -> _Look:
        own = _look(child(run, "rPr"))
        if not self._matter:
            return own
        paragraph = next(run.iterancestors("{*}p"), None)
        of_paragraph = self._of_style(value_at(paragraph, "pPr", "pStyle") or self._default)
        of_characters = self._of_style(value_at(run, "rPr", "rStyle") or "")
        # A toggle (ECMA-376-1, 17.7.3): a character style turns its paragraph's round.
        by_style = bool(of_paragraph.hidden) != bool(of_characters.hidden)
        return _over(own, replace(_over(of_characters, of_paragraph), hidden=by_style))

    def _of_style(self, style: str) -> _Look:
        look = _Look()
        for _ in range(_MAX_CHAIN):
            if style not in self._looks:
                break
            look = _over(look, self._looks[style])
            style = self._based_on[style]
        return look


def _over(look: _Look, below: _Look) -> _Look:
    return _Look(
        below.hidden if look.hidden is None else look.hidden,
        below.font if look.font is None else look.font,
        below.colour if look.colour is None else look.colour,
        below.half_points if look.half_points is None else look.half_points,
    )


def _look(properties: etree._Element | None) -> _Look:
    hidden = font = colour = half_points = None
    for item in properties if properties is not None else ():
        name = local_name(item)
        if name == "vanish":
            hidden = is_on(item)
        elif name == "rFonts":
            font = attribute(item, "ascii") or attribute(item, "hAnsi")
        elif name == "color":
            is_white = attribute(item, "themeColor") in _WHITE_THEME_COLOURS
            colour = attribute(item, "val") or ("ffffff" if is_white else None)
        elif name == "sz":
            half_points = _count(attribute(item, "val"))
    return _Look(hidden, font, colour, half_points)


def _has_marks(root: etree._Element) -> bool:
    """Tell whether anything in a part hides or changes the text of runs: in most nothing does."""
    if next(root.iter("{*}shd", "{*}highlight", "{*}background"), None) is not None:
        return True
    return any(map(_is_mark, root.iter("{*}vanish", "{*}rFonts", "{*}color", "{*}sz")))


def _is_mark(item: etree._Element) -> bool:
    name = local_name(item)
    if name == "vanish":
        return is_on(item)
    if name == "color":
        is_white = attribute(item, "themeColor") in _WHITE_THEME_COLOURS
        return is_white or look_alike(colour_of(attribute(item, "val")), WHITE)
    if name == "sz":
        return _Look(half_points=_count(attribute(item, "val"))).is_tiny
    return any(map(is_symbol_font, item.attrib.values()))


def _count(value: str | None) -> int | None:
    return int(value) if value and value.isdecimal() else None


def _has_text(run: etree._Element) -> bool:
    return any((item.text or "").strip() for item in run.iter("{*}t"))


def _empty(run: etree._Element) -> None:
    for item in [item for item in run if local_name(item) not in _KEPT]:
        run.remove(item)
