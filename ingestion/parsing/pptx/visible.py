"""What of a slide its audience sees: shapes beside it go, letters that nobody can see are told."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from lxml import etree

from ingestion.parse_warnings import WarningCode
from ingestion.parsing.archive import local_name
from ingestion.parsing.ooxml import child
from ingestion.parsing.pptx.letters import has_invisible_letters, inherited_shapes, placeholder
from ingestion.parsing.pptx.theme import Fill, SlideTheme
from ingestion.parsing.text.visibility import Colour

_SHAPES = frozenset({"sp", "pic", "cxnSp", "graphicFrame", "grpSp"})
_MAX_DEPTH = 50


class Box(NamedTuple):
    """A rectangle in the units of the slide (English metric units)."""

    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: "Box") -> bool:
        """Tell whether two boxes share some of their area."""
        return (
            self.left < other.right
            and other.left < self.right
            and self.top < other.bottom
            and other.top < self.bottom
        )

    def holds(self, other: "Box") -> bool:
        """Tell whether another box is wholly inside this one."""
        return (
            self.left <= other.left
            and other.right <= self.right
            and self.top <= other.top
            and other.bottom <= self.bottom
        )


class _Scale(NamedTuple):
    """From the units of a group to those of the slide: times a factor, plus a distance."""

    x: float = 1.0
    y: float = 1.0
    left: float = 0.0
    top: float = 0.0


@dataclass(frozen=True, slots=True)
class _Placed:
    shape: etree._Element
    box: Box | None


@dataclass(slots=True)
class _Grounds:
    """What is drawn so far, from the back to the front; no box is one whose place is unknown."""

    background: Colour | None
    _drawn: list[tuple[Box | None, Colour | None]] = field(default_factory=list)

    def add(self, box: Box | None, fill: Fill | None) -> None:
        if fill is not None and fill.is_there:
            self._drawn.append((box, fill.colour))

    def behind(self, box: Box | None) -> Colour | None:
        """Return the colour behind a box, None if it cannot be told."""
        for other, colour in reversed(self._drawn):
            if box is None or other is None:
                return None
            if other.meets(box):
                return colour if other.holds(box) else None
        return self.background


def show_slide(root: etree._Element, theme: SlideTheme, size: Box) -> frozenset[WarningCode]:
    """Remove, in place, the shapes that lie wholly beside a slide; return what its readers must
    know of those, and of letters that cannot be seen."""
    found: set[WarningCode] = set()
    texts: list[Box] = []
    grounds = _Grounds(theme.background(root))
    for inherited in reversed(theme.inherited):
        for placed in _placed(inherited):
            if placeholder(placed.shape) is None:
                grounds.add(placed.box, _fill(placed.shape, theme))
    moving = {item.get("spid") for item in root.iter("{*}spTgt")}
    for placed in list(_placed(root)):
        shape, box = placed.shape, placed.box
        parent = shape.getparent()
        if box is not None and not box.meets(size) and _id(shape) not in moving:
            if parent is not None:
                parent.remove(shape)
            if _has_text(shape):
                found.add(WarningCode.HIDDEN_TEXT)
            continue
        fill = _fill(shape, theme)
        if fill and fill.colour and _id(shape) not in moving and _is_rectangle(shape):
            is_covering = box is not None and any(box.holds(other) for other in texts)
            found |= {WarningCode.INVISIBLE_TEXT} if is_covering else set()
        if box is not None and _has_text(shape):
            texts.append(box)
        ground = fill.colour if fill and fill.is_there else grounds.behind(box)
        if has_invisible_letters(shape, theme, ground):
            found.add(WarningCode.INVISIBLE_TEXT)
        grounds.add(box, fill)
    return frozenset(found)


def _placed(root: etree._Element) -> Iterator[_Placed]:
    """Yield the shapes of a slide, those in groups too, from the back to the front."""
    tree = child(root, "cSld", "spTree")
    if tree is not None:
        yield from _inside(tree, _Scale(), 0)


def _inside(group: etree._Element, scale: _Scale, depth: int) -> Iterator[_Placed]:
    if depth > _MAX_DEPTH:
        return
    for shape in group:
        name = local_name(shape)
        if name == "grpSp":
            yield from _inside(shape, _group_scale(shape, scale), depth + 1)
        elif name in _SHAPES:
            yield _Placed(shape, _box(shape, scale))
        elif name in ("AlternateContent", "Choice"):
            yield from _inside(shape, scale, depth + 1)


def _box(shape: etree._Element, scale: _Scale) -> Box | None:
    frame = child(shape, "spPr", "xfrm")
    if frame is None:
        frame = child(shape, "xfrm")
    place, size = _pair(frame, "off", "x", "y"), _pair(frame, "ext", "cx", "cy")
    if place is None or size is None:
        return None
    left, top = scale.left + place[0] * scale.x, scale.top + place[1] * scale.y
    return Box(left, top, left + size[0] * scale.x, top + size[1] * scale.y)


def _group_scale(group: etree._Element, scale: _Scale) -> _Scale:
    frame = child(group, "grpSpPr", "xfrm")
    place, size = _pair(frame, "off", "x", "y"), _pair(frame, "ext", "cx", "cy")
    inner, inner_size = _pair(frame, "chOff", "x", "y"), _pair(frame, "chExt", "cx", "cy")
    if place is None or size is None or inner is None or inner_size is None:
        return scale
    x = scale.x * (size[0] / inner_size[0] if inner_size[0] else 1)
    y = scale.y * (size[1] / inner_size[1] if inner_size[1] else 1)
    left = scale.left + place[0] * scale.x - inner[0] * x
    return _Scale(x, y, left, scale.top + place[1] * scale.y - inner[1] * y)


def _pair(frame: etree._Element | None, name: str, x: str, y: str) -> tuple[float, float] | None:
    found = child(frame, name)
    if found is None:
        return None
    try:
        return float(found.get(x) or ""), float(found.get(y) or "")
    except ValueError:
        return None


def _id(shape: etree._Element) -> str | None:
    return next((item.get("id") for item in shape.iter("{*}cNvPr")), None)


def _fill(shape: etree._Element, theme: SlideTheme) -> Fill | None:
    """Return how a shape is filled: by itself, by its style or by the placeholder of its layout."""
    if local_name(shape) == "pic":
        return Fill(is_there=True)
    own = theme.fill(child(shape, "spPr"))
    if own is not None:
        return own
    reference = child(shape, "style", "fillRef")
    if reference is not None:
        return Fill(reference.get("idx") != "0")
    for other in inherited_shapes(shape, theme):
        fill = theme.fill(child(other, "spPr"))
        if fill is not None:
            return fill
    return None


def _has_text(shape: etree._Element) -> bool:
    return any((item.text or "").strip() for item in shape.iter("{*}t"))


def _is_rectangle(shape: etree._Element) -> bool:
    """Tell whether a shape covers all of its box."""
    form = child(shape, "spPr", "prstGeom")
    is_plain = child(shape, "spPr", "custGeom") is None
    return local_name(shape) == "sp" and is_plain and (form is None or form.get("prst") == "rect")
