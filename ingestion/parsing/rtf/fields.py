"""Fields of RTF whose text is in their instruction, not in their result."""

import re
from dataclasses import dataclass, field

_SYMBOL = re.compile(r'^\s*SYMBOL\s+(\d+|0x[0-9a-f]+)(?:.*?\\f\s+"?([^"\\]+))?', re.I | re.S)
_CHECKBOX, _DROPDOWN = 1, 2
_BY_DEFAULT = 25


@dataclass(slots=True)
class FormField:
    """A legacy form field (`\\formfield`): its kind, its value, and the items of a list."""

    kind: int = 0
    result: int = _BY_DEFAULT
    default: int = 0
    items: list[str] = field(default_factory=list)

    def apply(self, name: str, value: int) -> None:
        """Apply a control word of the field."""
        if name == "fftype":
            self.kind = value
        elif name == "ffres":
            self.result = value
        elif name == "ffdefres":
            self.default = value

    def text(self) -> str:
        """Return what the form shows for a box or a list, "" for a text field."""
        value = self.default if self.result == _BY_DEFAULT else self.result
        if self.kind == _CHECKBOX:
            return "☒" if value else "☐"
        if self.kind == _DROPDOWN and 0 <= value < len(self.items):
            return self.items[value]
        return ""


def symbol(instruction: str) -> tuple[int, str] | None:
    """Return (code, font) of a SYMBOL field, else None."""
    match = _SYMBOL.match(instruction)
    if match is None:
        return None
    code = int(match.group(1), 0 if match.group(1).lower().startswith("0x") else 10)
    return code, (match.group(2) or "").strip()
