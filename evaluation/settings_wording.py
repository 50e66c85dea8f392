"""Settings that are tried, in the reader's language."""

from typing import Any

from django.utils.translation import gettext as _

from evaluation.tried_settings import TriedSettings
from inference.catalogue import choose_model, model_names
from instances.models import Instance


def setting_lines(instance: Instance, settings: TriedSettings) -> list[tuple[str, Any]]:
    """Return the settings as pairs of a label and a value. Runs inside ``tenant(instance)``."""
    model_id = settings.model_id
    names = model_names(instance)
    model = names.get(model_id, model_id) if model_id else _default(instance, settings)
    return [
        (_("Strictness"), Instance.Strictness(settings.strictness).label),
        (_("Passages per answer"), settings.top_k),
        (_("Model"), model),
        (_("Instructions"), settings.instructions or _("none")),
    ]


def _default(instance: Instance, settings: TriedSettings) -> str:
    return str(choose_model(settings.applied_to(instance)).label)
