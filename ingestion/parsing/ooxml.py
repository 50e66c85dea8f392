"""What Office Open XML files share: parts, relationships, properties.

Elements are looked up by local name: the strict variant of the standard differs from the
transitional one in namespaces only, and python-docx, python-pptx and openpyxl read the latter only.
"""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from lxml import etree

from ingestion.errors import CorruptDocument
from ingestion.parsing.archive import Archive, attribute, local_name
from ingestion.parsing.document import NO_ORIGIN, Origin
from ingestion.parsing.origin import origin_of
from ingestion.parsing.text.normalise import one_line


@dataclass(frozen=True, slots=True)
class Relationship:
    """A link from one part to another; `kind` is the last word of its type."""

    id: str
    kind: str
    part: str


def relationships(archive: Archive, part: str) -> list[Relationship]:
    """Return the internal relationships of `part` ("" for the package), in order of the file."""
    folder, name = posixpath.split(part)
    root = archive.find_xml(posixpath.join(folder, "_rels", f"{name}.rels"))
    found = []
    for element in root if root is not None else ():
        target = (element.get("Target") or "").replace("\\", "/")
        if element.get("TargetMode") == "External" or not target:
            continue
        path = target.lstrip("/") if target.startswith("/") else posixpath.join(folder, target)
        kind = (element.get("Type") or "").rpartition("/")[2]
        found.append(Relationship(element.get("Id") or "", kind, posixpath.normpath(unquote(path))))
    return found


def embedded_files(links: list[Relationship], root: etree._Element) -> list[str]:
    """Return the names of the files embedded in a part with those links."""
    return [posixpath.basename(part) for part in embedded_parts(links, root)]


def embedded_parts(links: list[Relationship], root: etree._Element) -> list[str]:
    """Return the parts that are files embedded in a part with those links, of which it shows a
    picture or an icon; but not those of equations, which are their pictures."""
    equations = {
        attribute(item, "id")
        for item in root.iter("{*}OLEObject", "{*}oleObj", "{*}oleObject")
        if (attribute(item, "ProgID") or attribute(item, "progId") or "").startswith("Equation")
    }
    return [
        link.part
        for link in links
        if link.kind in ("package", "oleObject") and link.id not in equations
    ]


def numbered_parts(archive: Archive, beginning: str) -> list[str]:
    """Return the parts named "beginning12.xml", in the order of their numbers: they stand in for
    a list of parts that is damaged."""
    numbers = {
        name: name.removeprefix(beginning).removesuffix(".xml")
        for name in archive.names()
        if name.startswith(beginning)
    }
    found = [name for name, number in numbers.items() if number.isdecimal()]
    return sorted(found, key=lambda name: int(numbers[name]))


def main_part(archive: Archive, default: str) -> str:
    """Return the name of the main part; raises CorruptDocument if the package has none."""
    for link in relationships(archive, ""):
        if link.kind == "officeDocument" and link.part in archive:
            return link.part
    if default in archive:
        return default
    raise CorruptDocument("the package has no main part")


def package_title(archive: Archive) -> str | None:
    """Return the title of the package's core properties, or None."""
    for link in relationships(archive, ""):
        root = archive.find_xml(link.part) if link.kind == "core-properties" else None
        for element in descendants(root, "title") if root is not None else ():
            if element.text:
                return one_line(element.text) or None
    return None


def package_origin(archive: Archive) -> Origin:
    """Return what the package's core properties say of its author and date."""
    for link in relationships(archive, ""):
        root = archive.find_xml(link.part) if link.kind == "core-properties" else None
        if root is not None:
            return origin_of(root.findtext("{*}creator"), root.findtext("{*}created"))
    return NO_ORIGIN


def children(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    """Yield the children of `element` with one of the local names."""
    return (child for child in element if local_name(child) in names)


def child(element: etree._Element | None, *names: str) -> etree._Element | None:
    """Return the first descendant along the path of local names, or None."""
    for name in names:
        if element is None:
            return None
        element = next(children(element, name), None)
    return element


def value_at(element: etree._Element | None, *names: str) -> str | None:
    """Return the `val` attribute at the end of a path of local names, or None."""
    found = child(element, *names)
    return attribute(found, "val") if found is not None else None


def is_on(element: etree._Element | None) -> bool:
    """Tell whether a property that is on or off is there and on (ECMA-376-1, 17.17.4)."""
    return element is not None and attribute(element, "val") not in ("0", "false", "off")


def descendants(element: etree._Element, *names: str) -> Iterator[etree._Element]:
    """Yield all descendants with one of the local names, in document order."""
    yield from element.iter(*(f"{{*}}{name}" for name in names))


def drop_hidden_shapes(root: etree._Element) -> bool:
    """Remove, in place, the shapes that their author has hidden; tell whether they held text."""
    held_text = False
    for properties in list(root.iter("{*}docPr", "{*}cNvPr")):
        if properties.get("hidden") not in ("1", "true"):
            continue
        shape = properties.getparent()
        if shape is not None and local_name(shape).startswith("nv"):
            shape = shape.getparent()
        parent = shape.getparent() if shape is not None else None
        if shape is not None and parent is not None:
            held_text |= any((item.text or "").strip() for item in shape.iter("{*}t"))
            parent.remove(shape)
    return held_text


def chosen(alternate: etree._Element) -> etree._Element | None:
    """Return the branch of an mc:AlternateContent that is read: the first choice, which is the
    modern form of what the fallback repeats."""
    first = next(children(alternate, "Choice"), None)
    return first if first is not None else next(children(alternate, "Fallback"), None)
