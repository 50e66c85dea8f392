"""Fields of Word (ECMA-376-1, 17.16): their results stay, which readers see; their codes go.

    begin  HYPERLINK "https://…"  separate  the words of the link  end

A field may hold fields, in its code and in its result, and run over several paragraphs.
"""

from dataclasses import dataclass

from lxml import etree

from ingestion.parsing.archive import attribute, local_name
from ingestion.parsing.ooxml import child, children, is_on, value_at

# They belong to the page, not to the code that they are met in.
_KEPT = frozenset({"rPr", "lastRenderedPageBreak"})


@dataclass(slots=True)
class _Field:
    in_code: bool = True
    is_closed: bool = False


def drop_field_codes(root: etree._Element) -> None:
    """Remove, in place, all that stands in the codes of fields. A field without its end is none."""
    if next(root.iter("{*}fldChar"), None) is None:
        return
    fields: list[_Field] = []
    coded: list[tuple[etree._Element, list[_Field]]] = []
    for run in root.iter("{*}r"):
        for item in run:
            name = local_name(item)
            if name == "fldChar":
                _step(fields, attribute(item, "fldCharType") or "")
            elif name not in _KEPT and (around := [field for field in fields if field.in_code]):
                coded.append((item, around))
    for item, around in coded:
        parent = item.getparent()
        if parent is not None and any(field.is_closed for field in around):
            parent.remove(item)


def _step(fields: list[_Field], kind: str) -> None:
    if kind == "begin":
        fields.append(_Field())
    elif kind == "separate" and fields:
        fields[-1].in_code = False
    elif kind == "end" and fields:
        fields.pop().is_closed = True


def form_field_text(begin: etree._Element) -> str:
    """Return what a ticked box or a list shows, of which the file has no result: "☒", an entry."""
    box = child(begin, "ffData", "checkBox")
    if box is not None:
        state = child(box, "checked")
        return "☒" if is_on(state if state is not None else child(box, "default")) else "☐"
    listing = child(begin, "ffData", "ddList")
    if listing is None:
        return ""
    entries = [attribute(entry, "val") or "" for entry in children(listing, "listEntry")]
    chosen = value_at(listing, "result") or value_at(listing, "default") or "0"
    return entries[int(chosen)] if chosen.isdecimal() and int(chosen) < len(entries) else ""
