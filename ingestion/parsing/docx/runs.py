"""Runs as Word shows them: hidden ones go, letters of symbol fonts become the symbols.

How a run looks is said by itself, by its character style or by the style of its paragraph.
"""

from dataclasses import dataclass, field, replace

from lxml import etree

from ingestion.parse_warnings import WarningCode
from ingestion.parsing.archive import attribute, local_name
from ingestion.parsing.ooxml import child, children, is_on, value_at
from ingestion.parsing.text.symbol_fonts import is_symbol_font, symbol_text

_MAX_CHAIN = 20
# Values of w:color that are white.
_MARKS = frozenset({"ffffff", "background1"})
_KEPT = frozenset({"rPr", "lastRenderedPageBreak"})
# Where a shade may be given behind a run, by the element that has it.
_SHADES = (("rPr", "shd"), ("rPr", "highlight"), ("pPr", "shd"), ("tcPr", "shd"), ("tblPr", "shd"))


@dataclass(frozen=True, slots=True)
class _Look:
    """What is said of a run; None where nothing is."""

    hidden: bool | None = None
    font: str | None = None
    white: bool | None = None

    @property
    def matters(self) -> bool:
        return bool(self.hidden or self.white or is_symbol_font(self.font))


@dataclass(slots=True)
class RunStyles:
    """The styles that change what a run shows, by id, with those that they are based on."""

    _looks: dict[str, _Look] = field(default_factory=dict)
    _based_on: dict[str, str] = field(default_factory=dict)
    _default: str = ""
    _matter: bool = False

    @classmethod
    def read(cls, root: etree._Element | None) -> "RunStyles":
        """Return the styles of a `styles.xml` part, or of a document without one."""
        styles = cls()
        if root is None or not _has_marks(root):
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
        on_white = child(root, "background") is None
        for run in list(root.iter("{*}r")):
            look = self._look_of(run)
            if look.hidden:
                if _has_text(run):
                    found.add(WarningCode.HIDDEN_TEXT)
                _empty(run)
            elif look.white and on_white and _has_text(run) and not _is_shaded(run):
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
        below.white if look.white is None else look.white,
    )


def _look(properties: etree._Element | None) -> _Look:
    if properties is None:
        return _Look()
    hidden = white = font = None
    for item in properties:
        name = local_name(item)
        if name == "vanish":
            hidden = is_on(item)
        elif name == "rFonts":
            font = attribute(item, "ascii") or attribute(item, "hAnsi")
        elif name == "color":
            is_white = (attribute(item, "val") or "").lower() == "ffffff"
            white = is_white or attribute(item, "themeColor") == "background1"
    return _Look(hidden, font, white)


def _has_marks(root: etree._Element) -> bool:
    """Tell whether anything in a part hides or changes the text of runs: in most nothing does."""
    return any(
        is_on(item)
        if local_name(item) == "vanish"
        else any(value.lower() in _MARKS or is_symbol_font(value) for value in item.attrib.values())
        for item in root.iter("{*}vanish", "{*}rFonts", "{*}color")
    )


def _has_text(run: etree._Element) -> bool:
    return any((item.text or "").strip() for item in run.iter("{*}t"))


def _empty(run: etree._Element) -> None:
    for item in [item for item in run if local_name(item) not in _KEPT]:
        run.remove(item)


def _is_shaded(run: etree._Element) -> bool:
    """Tell whether something dark may lie behind a run: a shade, a table's style, a box."""
    for element in (run, *run.iterancestors()):
        if local_name(element) in ("txbxContent", "textbox"):
            return True
        if child(element, "tblPr", "tblStyle") is not None:
            return True
        for path in _SHADES:
            shade = child(element, *path)
            fill = attribute(shade, "fill") or attribute(shade, "val") if shade is not None else ""
            if fill and fill.lower() not in ("auto", "ffffff", "white", "none"):
                return True
    return False
