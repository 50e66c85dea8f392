"""Fields of forms in OpenDocument files: what was filled in, by the id of the field."""

from lxml import etree

from ingestion.parsing.archive import attribute, local_name
from ingestion.parsing.ooxml import children, descendants
from ingestion.parsing.text.normalise import clean_block, one_line

_BOXES = frozenset({"checkbox", "radio"})
_LISTS = frozenset({"listbox", "combobox"})
_NEVER_SHOWN = frozenset({"hidden", "password", "button", "image", "file"})


def form_texts(content: etree._Element) -> dict[str, str]:
    """Return the texts of the fields that hold something: "name: value", "☒ label"."""
    found: dict[str, str] = {}
    for form in descendants(content, "form"):
        for field in form:
            if local_name(field) not in _NEVER_SHOWN and (text := _text(field)):
                found[attribute(field, "id") or ""] = text
    return found


def _text(field: etree._Element) -> str:
    kind = local_name(field)
    label = one_line(attribute(field, "label") or "")
    if kind in _BOXES:
        state = attribute(field, "current-state") or attribute(field, "current-selected")
        return f"☒ {label}" if state in ("checked", "true") else ""
    value = attribute(field, "current-value") or attribute(field, "value") or ""
    if kind in _LISTS and not value:
        chosen = (
            attribute(option, "label") or ""
            for option in children(field, "option", "item")
            if attribute(option, "current-selected") == "true"
        )
        value = ", ".join(map(one_line, chosen))
    if kind == "fixed-text":
        return label
    name = label or one_line(attribute(field, "name") or "")
    value = clean_block(value)
    return f"{name}: {value}" if name and value else value
