"""The model that transcribes of the settings."""

from django.conf import settings

from inference.llm.backend import ChatBackend
from inference.offered_models import ENVIRONMENT, ModelFigures, OfferedModel
from instances.models import Instance, Sensitivity


def transcriber_of_environment(_instance: Instance) -> OfferedModel | None:
    """Return the model of the ``TRANSCRIPTION_*`` settings, None without one."""
    if not settings.TRANSCRIPTION_BASE_URL:
        return None
    name = settings.TRANSCRIPTION_MODEL
    return OfferedModel(
        figures=ModelFigures(
            id=name,
            server_id=name,
            backend_name=ENVIRONMENT,
            audio_j_per_second=settings.TRANSCRIPTION_J_PER_SECOND,
            active_parameters_b=settings.TRANSCRIPTION_PARAMETERS_B or 0.0,
            total_parameters_b=settings.TRANSCRIPTION_PARAMETERS_B or 0.0,
            pue=settings.LLM_PUE,
            wue=settings.LLM_WUE,
        ),
        label=name,
        description="",
        backend=ChatBackend(
            base_url=settings.TRANSCRIPTION_BASE_URL,
            model=name,
            clearance=Sensitivity(settings.TRANSCRIPTION_SENSITIVITY),
            api_key=settings.TRANSCRIPTION_API_KEY,
            first_byte_timeout_s=settings.TRANSCRIPTION_TIMEOUT_S,
        ),
    )
