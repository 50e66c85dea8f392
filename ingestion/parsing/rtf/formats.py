"""Control words of RTF that change how the text after them looks or is laid out."""

from collections.abc import Callable, Mapping

from ingestion.parsing.rtf.flow import BODY_TEXT
from ingestion.parsing.rtf.state import DEFAULT_HALF_POINTS, State

_DEEPEST_LIST = 8


def _font(state: State, value: int | None) -> None:
    state.font = value


def _size(state: State, value: int | None) -> None:
    state.half_points = DEFAULT_HALF_POINTS if value is None else value


def _colour(state: State, value: int | None) -> None:
    state.colour = value or 0


def _ground(state: State, value: int | None) -> None:
    state.ground = value or 0


def _paragraph_ground(state: State, value: int | None) -> None:
    state.layout = state.layout._replace(ground=value or 0)


def _fallback(state: State, value: int | None) -> None:
    state.fallback_chars = max(value or 0, 0)


def _hidden(state: State, value: int | None) -> None:
    state.hidden = value != 0


def _deleted(state: State, value: int | None) -> None:
    state.deleted = value != 0


def _plain(state: State, value: int | None) -> None:
    state.font, state.half_points = None, DEFAULT_HALF_POINTS
    state.hidden = state.deleted = False
    state.colour = state.ground = 0


def _body_text(state: State, value: int | None) -> None:
    state.layout = BODY_TEXT


def _style(state: State, value: int | None) -> None:
    state.layout = state.layout._replace(style=value or 0)


def _outline(state: State, value: int | None) -> None:
    state.layout = state.layout._replace(outline=value)


def _list_level(state: State, value: int | None) -> None:
    state.layout = state.layout._replace(list_level=min(max(value or 0, 0), _DEEPEST_LIST))


def _in_table(state: State, value: int | None) -> None:
    state.layout = state.layout._replace(in_table=value != 0)


def _field(state: State, value: int | None) -> None:
    state.field_is_read = False


def _field_result(state: State, value: int | None) -> None:
    state.skip |= state.field_is_read


FORMATS: Mapping[str, Callable[[State, int | None], None]] = {
    "f": _font, "fs": _size, "cf": _colour, "highlight": _ground, "cb": _ground, "chcbpat": _ground,
    "cbpat": _paragraph_ground, "uc": _fallback, "v": _hidden, "deleted": _deleted,
    "plain": _plain, "pard": _body_text, "s": _style, "outlinelevel": _outline,
    "ilvl": _list_level, "intbl": _in_table, "itap": _in_table, "field": _field,
    "fldrslt": _field_result,
}  # fmt: skip
