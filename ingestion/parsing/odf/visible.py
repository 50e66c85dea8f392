"""OpenDocument text as it is shown: hidden paragraphs, spans, sections and shapes go, letters of
symbol fonts become the symbols (OpenDocument 1.3, 16.29.15, 19.856)."""

from dataclasses import dataclass, field, replace

from lxml import etree

from ingestion.parse_warnings import WarningCode
from ingestion.parsing.archive import attribute, local_name
from ingestion.parsing.ooxml import child, descendants
from ingestion.parsing.text.symbol_fonts import is_symbol_font, symbol_text

_MAX_CHAIN = 20
_STYLED = ("{*}p", "{*}h", "{*}span", "{*}a", "{*}table-cell")
_SHAPES = (
    "{*}frame", "{*}custom-shape", "{*}g", "{*}rect", "{*}ellipse", "{*}circle", "{*}line",
    "{*}connector", "{*}polygon", "{*}polyline", "{*}path", "{*}caption", "{*}text-box",
)  # fmt: skip
# Inside them a dark ground may lie behind white text.
_GROUNDS = frozenset({"table-cell", "frame", "text-box", "custom-shape", "rect", "page"})


@dataclass(frozen=True, slots=True)
class _Look:
    """What a style says of its text; None where it says nothing."""

    hidden: bool | None = None
    font: str | None = None
    white: bool | None = None


@dataclass(slots=True)
class _Styles:
    looks: dict[str, _Look] = field(default_factory=dict)
    parents: dict[str, str] = field(default_factory=dict)

    def add(self, root: etree._Element) -> None:
        fonts = {
            attribute(face, "name") or "": (attribute(face, "font-family") or "").strip("'\"")
            for face in descendants(root, "font-face")
        }
        for style in descendants(root, "style"):
            name = attribute(style, "name") or ""
            self.looks[name] = _look(style, fonts)
            self.parents[name] = attribute(style, "parent-style-name") or ""

    def of(self, name: str) -> _Look:
        look = _Look()
        for _ in range(_MAX_CHAIN):
            own = self.looks.get(name)
            if own is None:
                break
            look = _Look(
                own.hidden if look.hidden is None else look.hidden,
                own.font if look.font is None else look.font,
                own.white if look.white is None else look.white,
            )
            name = self.parents[name]
        return look


def show_text(content: etree._Element, styles: etree._Element | None) -> frozenset[WarningCode]:
    """Make of the content, in place, what a reader sees; return what a reader must know."""
    roots = [root for root in (styles, content) if root is not None]
    body = child(content, "body")
    if body is None:
        return frozenset()
    layers = _hidden_layers(styles)
    doomed = [item for item in body.iter("{*}section", *_SHAPES) if _is_hidden(item, layers)]
    doomed += _hidden_fields(body)
    found: set[WarningCode] = set()
    if any(_has_marks(root) for root in roots):
        known = _Styles()
        for root in roots:
            known.add(root)
        for item in list(body.iter(*_STYLED)):
            look = known.of(attribute(item, "style-name") or "")
            if look.hidden and local_name(item) != "table-cell":
                doomed.append(item)
            elif look.white and _has_text(item) and not _has_ground(item):
                found.add(WarningCode.INVISIBLE_TEXT)
            if look.font is not None:
                _show_symbols(item, look.font)
    for item in doomed:
        if _has_text(item):
            found.add(WarningCode.HIDDEN_TEXT)
        _remove(item)
    return frozenset(found)


def _has_marks(root: etree._Element) -> bool:
    """Tell whether any style hides or changes text: in most files none does."""
    return any(
        (value == "none" and str(key).endswith("}display"))
        or (value.lower() == "#ffffff" and str(key).endswith("}color"))
        or is_symbol_font(value.strip("'\""))
        for item in root.iter("{*}text-properties", "{*}font-face")
        for key, value in item.attrib.items()
    )


def _look(style: etree._Element, fonts: dict[str, str]) -> _Look:
    look = _Look()
    properties = child(style, "text-properties")
    if properties is None:
        return look
    display = attribute(properties, "display")
    if display is not None:
        look = replace(look, hidden=display == "none")
    name = attribute(properties, "font-name") or ""
    font = fonts.get(name) or (attribute(properties, "font-family") or name).strip("'\"")
    if is_symbol_font(font):
        look = replace(look, font=font)
    color = attribute(properties, "color")
    if color is not None:
        grounds = [attribute(item, "background-color") for item in style]
        is_plain = all(ground in (None, "transparent", "#ffffff") for ground in grounds)
        look = replace(look, white=color.lower() == "#ffffff" and is_plain)
    return look


def _hidden_layers(styles: etree._Element | None) -> set[str | None]:
    """Return the names of the layers of drawings that are switched off."""
    return {
        attribute(layer, "name")
        for layer in (styles.iter("{*}layer") if styles is not None else ())
        if attribute(layer, "display") == "none"
    }


def _is_hidden(item: etree._Element, layers: set[str | None]) -> bool:
    display = attribute(item, "display")
    if display == "condition":
        return attribute(item, "is-hidden") == "true"
    return display == "none" or (bool(layers) and attribute(item, "layer") in layers)


def _hidden_fields(body: etree._Element) -> list[etree._Element]:
    """Return hidden-text fields, and the paragraphs that hold a hidden-paragraph field."""
    found: list[etree._Element] = []
    for item in body.iter("{*}hidden-text", "{*}hidden-paragraph"):
        if attribute(item, "is-hidden") != "true":
            continue
        if local_name(item) == "hidden-text":
            found.append(item)
        else:
            found += [around for around in item.iterancestors("{*}p", "{*}h")][:1]
    return found


def _has_text(item: etree._Element) -> bool:
    return any(text.strip() for text in item.itertext())


def _has_ground(item: etree._Element) -> bool:
    return any(local_name(around) in _GROUNDS for around in item.iterancestors())


def _show_symbols(item: etree._Element, font: str) -> None:
    item.text = symbol_text(item.text or "", font)
    for inner in item:
        inner.tail = symbol_text(inner.tail or "", font)


def _remove(item: etree._Element) -> None:
    """Take an element out of its parent, but not the text that follows it."""
    parent = item.getparent()
    if parent is None:
        return
    before = item.getprevious()
    if before is not None:
        before.tail = (before.tail or "") + (item.tail or "")
    else:
        parent.text = (parent.text or "") + (item.tail or "")
    parent.remove(item)
