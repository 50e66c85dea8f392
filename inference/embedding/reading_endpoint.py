"""Servers of models that only read: those that embed, rerank or judge entailment.

What operators state of their energy (docs/measurement.md) counts for servers other than ours, which
reports its processor time.
"""

from dataclasses import dataclass
from typing import ClassVar, Self

from django.conf import settings

from inference.offered_models import ENVIRONMENT, ModelFigures
from instances.models import Sensitivity

UNKNOWN = ModelFigures(id="")


@dataclass(frozen=True)
class ReadingEndpoint:
    """A server and its model; `clearance` is the highest level that it may receive.

    `figures` is what its operator states of its energy. Subclasses say how their settings begin.
    """

    prefix: ClassVar[str]

    base_url: str
    api_key: str
    model: str
    clearance: Sensitivity
    figures: ModelFigures = UNKNOWN
    timeout_s: float = 30.0

    @classmethod
    def from_settings(cls) -> Self | None:
        """Return the endpoint of the settings, None without one."""
        base_url = getattr(settings, f"{cls.prefix}_BASE_URL")
        if not base_url:
            return None
        model = getattr(settings, f"{cls.prefix}_MODEL")
        return cls(
            base_url=base_url,
            api_key=getattr(settings, f"{cls.prefix}_API_KEY"),
            model=model,
            clearance=Sensitivity(getattr(settings, f"{cls.prefix}_SENSITIVITY")),
            figures=reading_model(
                model,
                j_per_token=getattr(settings, f"{cls.prefix}_J_PER_TOKEN"),
                parameters_b=getattr(settings, f"{cls.prefix}_PARAMETERS_B"),
            ),
        )


def reading_model(
    model: str, *, j_per_token: float | None, parameters_b: float | None
) -> ModelFigures:
    """Return the figures of a model that reads only."""
    return ModelFigures(
        id=model,
        server_id=model,
        backend_name=ENVIRONMENT,
        prompt_j_per_token=j_per_token,
        completion_j_per_token=None if j_per_token is None else 0.0,
        active_parameters_b=parameters_b or 0.0,
        total_parameters_b=parameters_b or 0.0,
        pue=settings.LLM_PUE,
        wue=settings.LLM_WUE,
    )
