"""What operators state of the energy of servers that embed and rerank (docs/measurement.md).

It counts for servers other than ours, which reports its processor time.
"""

from django.conf import settings

from inference.offered_models import ENVIRONMENT, ModelFigures

UNKNOWN = ModelFigures(id="")


def reading_model(
    model: str, *, j_per_token: float | None, parameters_b: float | None
) -> ModelFigures:
    """Return the figures of a model that reads only: one that embeds or reranks."""
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
