"""Parameters of OpenAI's clients that are the same in all formats, or not supported."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from ninja import Field, Schema

from chat.api.messages import MAX_NUMBER
from instances.api import ApiError


class Sampling(Schema):
    """How a model chooses its words; sent to it unchanged."""

    top_p: float | None = Field(None, ge=0, le=1)
    seed: int | None = Field(None, ge=-MAX_NUMBER, le=MAX_NUMBER)
    presence_penalty: float | None = Field(None, ge=-2, le=2)
    frequency_penalty: float | None = Field(None, ge=-2, le=2)

    @property
    def sampling(self) -> dict[str, float]:
        """The parameters that are given."""
        values = {name: getattr(self, name) for name in Sampling.model_fields}
        return {name: value for name, value in values.items() if value is not None}


def refuse(unsupported: Mapping[str, object]) -> None:
    """Refuse the parameters that have a value: without them, the answer is not what was asked for.

    Raises ApiError.
    """
    for name, value in unsupported.items():
        if value:
            told = _("%(name)s is not supported here: leave it out.") % {"name": name}
            raise ApiError(400, "unsupported_parameter", told)


def check_tool_choice(choice: object, names: set[str]) -> None:
    """Refuse a choice that needs functions which are not given; raises ApiError."""
    chosen: Any = None
    if isinstance(choice, dict):
        function = choice.get("function")
        chosen = function.get("name") if isinstance(function, dict) else None
    if choice in (None, "none", "auto") or (choice == "required" and names) or chosen in names:
        return
    told = _("tool_choice names no function of tools.")
    raise ApiError(400, "invalid_request", told)
