"""Diagrams of Office files (SmartArt): their words in the order in which they are shown."""

from collections import defaultdict
from collections.abc import Iterator

from lxml import etree

from ingestion.parsing.archive import Archive, attribute
from ingestion.parsing.document import Block
from ingestion.parsing.ooxml import Relationship, child, descendants
from ingestion.parsing.text.normalise import one_line

_MAX_DEPTH = 50


def read_diagrams(archive: Archive, links: list[Relationship]) -> dict[str, list[Block]]:
    """Return the blocks of each diagram that a part refers to, by the id of the reference.

    A diagram has a model, which orders its words, and often a drawing made from it: the drawing
    counts where the model is damaged or holds no words.
    """
    drawings = {link.id: link.part for link in links if link.kind == "diagramDrawing"}
    unused = list(drawings.values())
    found: dict[str, list[Block]] = {}
    for link in links:
        if link.kind != "diagramData":
            continue
        model = archive.find_xml(link.part)
        blocks = list(_model_blocks(model)) if model is not None else []
        drawing = drawings.get(_drawing_id(model), unused[0] if unused else "")
        if drawing in unused:
            unused.remove(drawing)
        root = archive.find_xml(drawing) if drawing and not blocks else None
        found[link.id] = blocks if root is None else list(_drawing_blocks(root))
    return found


def _drawing_id(model: etree._Element | None) -> str:
    extension = next(model.iter("{*}dataModelExt"), None) if model is not None else None
    return (attribute(extension, "relId") or "") if extension is not None else ""


def _model_blocks(model: etree._Element) -> Iterator[Block]:
    """Yield the words of a model (ECMA-376-1, 21.4.3): a tree of points, whose connections say
    which is below which, and in what order. Points outside the tree come last."""
    points = {point.get("modelId") or "": point for point in descendants(model, "pt")}
    below: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for link in descendants(model, "cxn"):
        if link.get("type", "parOf") == "parOf":
            order = link.get("srcOrd") or "0"
            place = int(order) if order.isdecimal() else 0
            below[link.get("srcId") or ""].append((place, link.get("destId") or ""))
    roots = [number for number, point in points.items() if point.get("type") == "doc"]
    left = dict(points)
    waiting = [(number, 0) for number in reversed(roots)]
    while waiting:
        number, depth = waiting.pop()
        point = left.pop(number, None)
        if point is None:
            continue
        yield from _point_blocks(point, depth)
        lower = sorted(below[number], key=lambda item: item[0], reverse=True)
        waiting += [(inner, min(depth + 1, _MAX_DEPTH)) for _, inner in lower]
    for point in left.values():
        if point.get("type") != "pres":
            yield from _point_blocks(point, 1)


def _point_blocks(point: etree._Element, depth: int) -> Iterator[Block]:
    holder = child(point, "t")
    text = one_line(_words(holder)) if holder is not None else ""
    if text:
        level = max(depth, 1)
        yield Block("list_item", f"{'  ' * (level - 1)}- {text}", level)


def _drawing_blocks(root: etree._Element) -> Iterator[Block]:
    for shape in descendants(root, "txBody"):
        if text := one_line(_words(shape)):
            yield Block("list_item", f"- {text}", 1)


def _words(holder: etree._Element) -> str:
    lines = ("".join(item.text or "" for item in line.iter("{*}t")) for line in holder.iter("{*}p"))
    return " ".join(lines)
