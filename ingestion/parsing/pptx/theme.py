"""Colours of a presentation: its theme, and what is behind the shapes of a slide."""

from dataclasses import dataclass, field, replace

from lxml import etree

from ingestion.errors import CorruptDocument, UnsafeDocument
from ingestion.parsing.archive import Archive, local_name, parse_xml
from ingestion.parsing.office.colours import (
    ThemeColours,
    drawn_colour,
    is_see_through,
    renamed,
    usual_colours,
)
from ingestion.parsing.ooxml import Relationship, child, relationships
from ingestion.parsing.text.visibility import WHITE, Colour

_FILLS = frozenset({"solidFill", "gradFill", "blipFill", "pattFill", "grpFill", "noFill"})
_PLAIN_BACKGROUND = "1001"


@dataclass(frozen=True, slots=True)
class Fill:
    """How an area is filled: not at all, or with a colour, None if it cannot be told."""

    is_there: bool
    colour: Colour | None = None


@dataclass(frozen=True, slots=True)
class SlideTheme:
    """What a slide inherits: its layout and master, the colours that it names, its background."""

    inherited: list[etree._Element] = field(default_factory=list)
    colours: ThemeColours = field(default_factory=dict)

    def colour(self, fill: etree._Element | None) -> Colour | None:
        """Return the colour of a solid fill or of a reference, None if it cannot be told."""
        found = fill[0] if fill is not None and len(fill) else None
        return drawn_colour(found, self.colours) if found is not None else None

    def fill(self, properties: etree._Element | None) -> Fill | None:
        """Return the fill that properties of a shape, cell or background give, None for none."""
        for item in properties if properties is not None else ():
            if local_name(item) in _FILLS:
                if local_name(item) == "noFill":
                    return Fill(is_there=False)
                is_solid = local_name(item) == "solidFill"
                if is_solid and is_see_through(item):
                    return Fill(is_there=False)
                return Fill(is_there=True, colour=self.colour(item) if is_solid else None)
        return None

    def background(self, slide: etree._Element) -> Colour | None:
        """Return the colour of the background of `slide`, None if it cannot be told."""
        for root in (slide, *self.inherited):
            background = child(root, "cSld", "bg")
            if background is None:
                continue
            reference = child(background, "bgRef")
            if reference is not None:
                is_plain = reference.get("idx") == _PLAIN_BACKGROUND
                return self.colour(reference) if is_plain else None
            fill = self.fill(child(background, "bgPr"))
            if fill is not None and fill.is_there:
                return fill.colour
        return WHITE


class Themes:
    """The themes of a presentation, each read once."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._of_layouts: dict[str, SlideTheme] = {}

    def of(self, slide: etree._Element, links: list[Relationship]) -> SlideTheme:
        """Return the theme of a slide with those links."""
        layout = _linked(links, "slideLayout")
        if layout not in self._of_layouts:
            self._of_layouts[layout] = self._read(layout)
        theme = self._of_layouts[layout]
        mapping = next(slide.iter("{*}overrideClrMapping"), None)
        if mapping is None:
            return theme
        return replace(theme, colours=renamed(theme.colours, _names(mapping)))

    def _read(self, layout: str) -> SlideTheme:
        master = _linked(relationships(self._archive, layout), "slideMaster") if layout else ""
        scheme = _linked(relationships(self._archive, master), "theme") if master else ""
        inherited = [root for part in (layout, master) if (root := self._root(part)) is not None]
        colours = usual_colours(self._root(scheme))
        for root in reversed(inherited):
            for mapping in root.iter("{*}clrMap", "{*}overrideClrMapping"):
                colours = renamed(colours, _names(mapping))
        return SlideTheme(inherited, colours)

    def _root(self, part: str) -> etree._Element | None:
        """Return the root of a part, None if it is damaged: slides are read without it."""
        try:
            return parse_xml(self._archive.read(part), part)
        except (CorruptDocument, UnsafeDocument):
            return None


def _linked(links: list[Relationship], kind: str) -> str:
    return next((link.part for link in links if link.kind == kind), "")


def _names(mapping: etree._Element) -> dict[str, str]:
    return {str(name): str(value) for name, value in mapping.attrib.items()}
