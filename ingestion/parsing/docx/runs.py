"""Runs as Word shows them: hidden ones go, letters of symbol fonts become the symbols.

How a run looks is said by itself, by its character style or by the style of its paragraph.
"""

from dataclasses import dataclass, field, replace

from lxml import etree

from ingestion.parse_warnings import WarningCode
from ingestion.parsing.archive import attribute, local_name
from ingestion.parsing.docx.grounds import Grounds
from ingestion.parsing.office.colours import ThemeColours, drawn_colour, with_luminance
from ingestion.parsing.ooxml import child, children, is_on, value_at
from ingestion.parsing.text.symbol_fonts import is_symbol_font, symbol_text
from ingestion.parsing.text.visibility import MAX_TINY_POINTS, WHITE, colour_of, look_alike

_MAX_CHAIN = 20
_KEPT = frozenset({"rPr", "lastRenderedPageBreak"})
# What Word calls the colours of a theme.
_THEME_NAMES = {
    "background1": "bg1", "light1": "lt1", "text1": "tx1", "dark1": "dk1", "background2": "bg2",
    "light2": "lt2", "text2": "tx2", "dark2": "dk2", "hyperlink": "hlink",
    "followedHyperlink": "folHlink",
}  # fmt: skip
_AUTOMATIC = "auto"
_SEE_THROUGH = "none"


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
    _base: _Look = field(default_factory=lambda: _Look())
    _grounds: Grounds = field(default_factory=Grounds)

    @classmethod
    def read(cls, root: etree._Element | None, names: ThemeColours) -> "RunStyles":
        """Return the styles of a `styles.xml` part, or of a document without one; `names` are the
        colours of the theme."""
        styles = cls(_grounds=Grounds(names) if root is None else Grounds.read(root, names))
        if root is None or not _has_marks(root, names):
            return styles
        styles._base = _look(child(root, "docDefaults", "rPrDefault", "rPr"), names)
        for element in children(root, "style"):
            style = attribute(element, "styleId") or ""
            styles._looks[style] = _look(child(element, "rPr"), names)
            styles._based_on[style] = value_at(element, "basedOn") or ""
            is_default = attribute(element, "default") in ("1", "true")
            if is_default and attribute(element, "type") == "paragraph":
                styles._default = style
        looks = (styles._base, *styles._looks.values())
        styles._matter = any(look.matters for look in looks)
        return styles

    def show(self, root: etree._Element) -> frozenset[WarningCode]:
        """Make of the runs in `root`, in place, what Word shows; return what a reader must know."""
        found: set[WarningCode] = set()
        names = self._grounds.names
        if not self._matter and not _has_marks(root, names):
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
                ground = self._grounds.behind(run, page) if colour else None
                is_drawn = look.colour != _SEE_THROUGH
                is_unseen = look.is_tiny or not is_drawn or look_alike(colour, ground)
                if is_unseen and next(run.iterancestors("{*}Fallback"), None) is None:
                    found.add(WarningCode.INVISIBLE_TEXT)
            if look.font is not None and is_symbol_font(look.font):
                for item in children(run, "t"):
                    item.text = symbol_text(item.text or "", look.font)
        return frozenset(found)

    def _look_of(self, run: etree._Element) -> _Look:
        own = _look(child(run, "rPr"), self._grounds.names)
        if not self._matter:
            return own
        paragraph = next(run.iterancestors("{*}p"), None)
        of_paragraph = self._of_style(value_at(paragraph, "pPr", "pStyle") or self._default)
        of_characters = self._of_style(value_at(run, "rPr", "rStyle") or "")
        # A toggle (ECMA-376-1, 17.7.3): a character style turns its paragraph's round.
        by_style = bool(of_paragraph.hidden) != bool(of_characters.hidden)
        by_style = by_style or bool(self._base.hidden)
        inherited = _over(_over(of_characters, of_paragraph), self._base)
        return _over(own, replace(inherited, hidden=by_style))

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


def _look(properties: etree._Element | None, names: ThemeColours) -> _Look:
    hidden = font = colour = half_points = None
    for item in properties if properties is not None else ():
        name = local_name(item)
        if name == "vanish":
            hidden = is_on(item)
        elif name == "rFonts":
            font = attribute(item, "ascii") or attribute(item, "hAnsi")
        elif name == "color":
            colour = colour or _colour(item, names)
        elif name == "textFill":
            colour = _fill_colour(item, names) or colour
        elif name == "sz":
            half_points = _count(attribute(item, "val"))
    return _Look(hidden, font, colour, half_points)


def _colour(item: etree._Element, names: ThemeColours) -> str | None:
    """Return the colour that w:color gives: that of the theme counts before its own value."""
    name = attribute(item, "themeColor")
    if name is None:
        return attribute(item, "val")
    colour = names.get(_THEME_NAMES.get(name, name))
    tint, shade = attribute(item, "themeTint"), attribute(item, "themeShade")
    for value, is_tint in ((tint, True), (shade, False)):
        share = _share_of_255(value)
        if share is not None:
            colour = with_luminance(colour, share, 1 - share if is_tint else 0.0)
    return attribute(item, "val") if colour is None else bytes(colour).hex()


def _share_of_255(value: str | None) -> float | None:
    try:
        return int(value or "", 16) / 255
    except ValueError:
        return None


def _fill_colour(item: etree._Element, names: ThemeColours) -> str | None:
    """Return the colour that an effect of Word 2010 gives letters, None if it cannot be told."""
    fill = next(iter(item), None)
    if fill is None or local_name(fill) == "noFill":
        return None if fill is None else _SEE_THROUGH
    is_solid = local_name(fill) == "solidFill" and len(fill)
    colour = drawn_colour(fill[0], names) if is_solid else None
    return _AUTOMATIC if colour is None else bytes(colour).hex()


def _has_marks(root: etree._Element, names: ThemeColours) -> bool:
    """Tell whether anything in a part hides or changes the text of runs: in most nothing does."""
    if next(root.iter("{*}shd", "{*}highlight", "{*}background", "{*}textFill"), None) is not None:
        return True
    marks = root.iter("{*}vanish", "{*}rFonts", "{*}color", "{*}sz")
    return any(_is_mark(item, names) for item in marks)


def _is_mark(item: etree._Element, names: ThemeColours) -> bool:
    name = local_name(item)
    if name == "vanish":
        return is_on(item)
    if name == "color":
        return look_alike(colour_of(_colour(item, names)), WHITE)
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
