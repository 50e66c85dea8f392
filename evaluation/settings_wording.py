"""Settings that are tried, in the reader's language."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from evaluation.tried_settings import TriedSettings
from inference.catalogue import choose_model, model_names
from instances.models import Instance

# The place of the model among ``setting_lines``.
MODEL_LINE: Final = 2


@dataclass(frozen=True, slots=True)
class ChangeLine:
    """A setting with its values before and after."""

    label: str
    before: Any
    after: Any


def change_lines(instance: Instance, changes: Mapping[str, list[Any]]) -> list[ChangeLine]:
    """Return the changes of settings in words. Runs inside ``tenant(instance)``."""
    present = TriedSettings.of(instance).as_json()
    before, after = (
        dict(setting_lines(instance, TriedSettings.from_json(present | values)))
        for values in (
            {name: pair[0] for name, pair in changes.items()},
            {name: pair[1] for name, pair in changes.items()},
        )
    )
    return [
        ChangeLine(label, before[label], after[label])
        for label in before
        if before[label] != after[label]
    ]


def setting_lines(instance: Instance, settings: TriedSettings) -> list[tuple[str, Any]]:
    """Return the settings as pairs of a label and a value. Runs inside ``tenant(instance)``."""
    model_id = settings.model_id
    names = model_names(instance)
    model = names.get(model_id, model_id) if model_id else _default(instance, settings)
    return [
        (_("Strictness"), _strictness(settings)),
        (_("Passages per answer"), settings.top_k),
        (_("Model"), model),
        (_("Instructions"), settings.instructions or "—"),
    ]


def _strictness(settings: TriedSettings) -> str:
    label = str(Instance.Strictness(settings.strictness).label)
    threshold = settings.calibrated_threshold
    if settings.strictness != Instance.Strictness.CALIBRATED or threshold is None:
        return label
    return _("%(label)s: %(words)s") % {"label": label, "words": number_format(threshold, 2)}


def _default(instance: Instance, settings: TriedSettings) -> str:
    return str(choose_model(settings.applied_to(instance)).label)
