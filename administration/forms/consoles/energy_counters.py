"""The fields of a backend that say where the counters of its servers are read."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from django import forms
from django.utils.translation import gettext_lazy as _

from inference.base_urls import check_address

COUNTERS: Final = ("metrics_urls", "energy_urls", "energy_gpus", "host_watts")
_EXAMPLES = {
    "metrics_urls": "https://gpu1.univ-example.fr:8000/metrics",
    "energy_urls": "http://gpu1.univ-example.fr:9400/metrics",
}
WIDGETS: Final = {
    name: forms.Textarea(attrs={"rows": 2, "class": "input code", "placeholder": example})
    for name, example in _EXAMPLES.items()
}
HELP_TEXTS: Final = {
    "metrics_urls": _(
        "Where vLLM counts tokens, one address a line. Empty: energy is not measured."
    ),
    "energy_urls": _("The DCGM exporters of its graphics cards, one address a line."),
    "energy_gpus": _(
        "Those that serve it: their identifiers (UUID) or numbers, separated by commas. Empty: all."
    ),
    "host_watts": _("Of all servers together, as measured. 0: not counted."),
}
MISSING: Final = _("Energy is measured from both counters: fill in this one, too, or neither.")


def read_addresses(text: str) -> str:
    """Return addresses, one a line; raises ValidationError for what is none."""
    addresses = text.split()
    for address in addresses:
        try:
            check_address(address)
        except ValueError as error:
            told = _("Write an address that begins with http or https on each line.")
            raise forms.ValidationError(told) from error
        if urlsplit(address).username:
            raise forms.ValidationError(_("An address has a user name."))
    return "\n".join(addresses)


def missing_counters(data: Mapping[str, Any]) -> str:
    """Return the field that is empty while the other is not; "" if both are, or neither."""
    metrics, energy = data.get("metrics_urls"), data.get("energy_urls")
    if metrics is None or energy is None or bool(metrics) == bool(energy):
        return ""
    return "energy_urls" if metrics else "metrics_urls"
