"""Fields of Word (ECMA-376-1, 17.16): their results stay, which readers see; their codes go.

    begin  HYPERLINK "https://…"  separate  the words of the link  end

A field may hold fields, in its code and in its result, and run over several paragraphs.
"""

import re
from dataclasses import dataclass

from lxml import etree

from ingestion.parsing.archive import attribute, local_name
from ingestion.parsing.ooxml import child, children, is_on, value_at
from ingestion.parsing.text.symbol_fonts import symbol_text

_LAST_CHARACTER = 0x10FFFF
_SYMBOL = re.compile(r"\s*SYMBOL\s+(0x[0-9a-f]{1,6}|[1-9]\d{0,6})(.*)", re.I | re.S)
_FONT = re.compile(r"\\f\s*\"?([^\"\\]+)", re.I)
_BUTTON = re.compile(r"\s*(?:MACROBUTTON|GOTOBUTTON)\s+\S+\s+(.+)", re.I | re.S)
_PHONETIC_GUIDE = re.compile(
    r"\s*EQ\b.*\\o\s*(?:\\a[dclr])?\s*\(\s*\\s\s*\\up\s*\d*\s*\([^()]*\)\s*[,;](.*)\)\s*$",
    re.I | re.S,
)
# They belong to the page, not to the code that they are met in.
_KEPT = frozenset({"rPr", "lastRenderedPageBreak"})


@dataclass(slots=True)
class _Field:
    in_code: bool = True
    is_closed: bool = False
    code: str = ""


def drop_field_codes(root: etree._Element) -> None:
    """Remove, in place, all that stands in the codes of fields. A field without its end is none."""
    if next(root.iter("{*}fldChar"), None) is None:
        return
    fields: list[_Field] = []
    coded: list[tuple[etree._Element, list[_Field]]] = []
    for run in root.iter("{*}r"):
        for item in list(run):
            name = local_name(item)
            if name == "fldChar":
                text = _step(fields, attribute(item, "fldCharType") or "")
                if text and not any(field.in_code for field in fields):
                    item.addprevious(_text_like(item, text))
                continue
            if name == "instrText" and fields:
                fields[-1].code += item.text or ""
            if name not in _KEPT and (around := [field for field in fields if field.in_code]):
                coded.append((item, around))
    for item, around in coded:
        parent = item.getparent()
        if parent is not None and any(field.is_closed for field in around):
            parent.remove(item)


def _step(fields: list[_Field], kind: str) -> str:
    """Note that a field begins, its result does, or it ends; return what one without a result
    shows."""
    if kind == "begin":
        fields.append(_Field())
    elif kind == "separate" and fields:
        fields[-1].in_code = False
    elif kind == "end" and fields:
        field = fields.pop()
        field.is_closed = True
        return _shown_code(field.code) if field.in_code else ""
    return ""


def _shown_code(code: str) -> str:
    """Return what Word shows of a field that has no result: a symbol, the label of a button, the
    base text of a phonetic guide (17.16.5: SYMBOL, MACROBUTTON, GOTOBUTTON, EQ)."""
    if match := _SYMBOL.match(code):
        number, options = match.groups()
        letter = chr(min(int(number, 0), _LAST_CHARACTER))
        font = _FONT.search(options)
        return symbol_text(letter, font.group(1)) if font else letter
    if match := _BUTTON.match(code):
        return match.group(1).strip()
    match = _PHONETIC_GUIDE.match(code)
    return match.group(1).strip() if match else ""


def _text_like(item: etree._Element, text: str) -> etree._Element:
    """Return a w:t in the namespace of `item`."""
    found = etree.Element(item.tag.replace("fldChar", "t"))
    found.text = text
    return found


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
