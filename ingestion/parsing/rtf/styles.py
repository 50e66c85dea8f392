"""Which paragraphs of an RTF file are headings."""

import re
from dataclasses import dataclass

_HEADING_NAME = re.compile(r"^(?:heading|titre|überschrift)\s*(\d)", re.I)
_TITLE_NAMES = frozenset({"title", "titre"})
_BODY_OUTLINE = 9


@dataclass(slots=True)
class Style:
    """An entry of the style sheet."""

    name: str = ""
    outline: int | None = None

    def heading_level(self) -> int:
        """Return the level of a heading from 1, or 0 for other styles."""
        name = self.name.strip(" ;")
        match = _HEADING_NAME.match(name)
        if match:
            return int(match.group(1))
        return 1 if name.lower() in _TITLE_NAMES else outline_level(self.outline)


def outline_level(outline: int | None) -> int:
    """Return the level of a heading from 1 for `\\outlinelevel`, or 0 for body text."""
    return outline + 1 if outline is not None and 0 <= outline < _BODY_OUTLINE else 0
