"""What the groups of an RTF file change until their end."""

from dataclasses import dataclass, fields
from operator import attrgetter

from ingestion.parsing.rtf.flow import BODY_TEXT, Flow, ParagraphStyle

DEFAULT_HALF_POINTS = 24


@dataclass(slots=True)
class State:
    """The state in a group; `flow` and `capture` are where its text goes."""

    flow: Flow
    kind: str = ""
    capture: list[str] | None = None
    captured: str = ""
    skip: bool = False
    shows_unicode: bool = False
    field_is_read: bool = False
    font: int | None = None
    fallback_chars: int = 1
    hidden: bool = False
    deleted: bool = False
    colour: int = 0
    ground: int = 0
    half_points: int = DEFAULT_HALF_POINTS
    layout: ParagraphStyle = BODY_TEXT

    def inner(self) -> "State":
        """Return the state at the beginning of a group in this one."""
        return State(*_all_fields(self))


_all_fields = attrgetter(*(field.name for field in fields(State)))
