"""Forms of backends, of the keys by which they are used, and of their models."""

import ssl
from collections.abc import Iterator, Sequence
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django import forms
from django.conf import settings
from django.forms.boundfield import BoundField
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from administration.forms.consoles.energy_counters import (
    COUNTERS,
    HELP_TEXTS,
    MISSING,
    WIDGETS,
    missing_counters,
    read_addresses,
)
from administration.forms.fields import LanguagesField
from inference.base_urls import check_address
from inference.llm.addresses import refused_addresses
from inference.models import RESERVED_ALIASES, Backend, BackendAccess, LanguageModel
from inference.slurm.templates import has_template
from instances.models import Organisation


class _GroupedForm(forms.ModelForm):
    """A form whose fields are shown by theme (``includes/field_groups.html``)."""

    _GROUPS: ClassVar[Sequence[tuple[Promise, Sequence[str]]]]

    @property
    def groups(self) -> Iterator[tuple[Promise, list[BoundField]]]:
        """The fields by theme."""
        for title, names in self._GROUPS:
            if names := [name for name in names if name in self.fields]:
                yield title, [self[name] for name in names]


class AccessForm(forms.ModelForm):
    """How an organisation, or every one, uses a backend. The stored key is never shown."""

    key = forms.CharField(
        label=_("API key"),
        required=False,
        max_length=1000,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
    )
    removes_key = forms.BooleanField(label=_("Remove the stored key"), required=False)

    class Meta:
        model = BackendAccess
        fields = ["request_priority", "routing_mode"]
        help_texts = {
            "request_priority": _("For vLLM and aristote-dispatcher; sent as it is."),
            "routing_mode": _("For aristote-dispatcher."),
        }

    field_order = ["key", "removes_key", "request_priority", "routing_mode"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.encrypted_key:
            self.fields["key"].help_text = _("A key is stored. Empty: it is kept.")
        else:
            del self.fields["removes_key"]

    def clean_key(self) -> str:
        key: str = self.cleaned_data["key"]
        # It is sent in a header.
        if not (key.isascii() and key.isprintable()) or " " in key:
            raise forms.ValidationError(_("The key has a space or a character outside ASCII."))
        return key

    def chosen(self) -> dict[str, Any]:
        """The arguments of ``inference.backends.save_access``."""
        data = self.cleaned_data
        key = "" if data.get("removes_key") else data["key"] or None
        return {
            "key": key,
            "request_priority": data["request_priority"],
            "routing_mode": data["routing_mode"],
        }


class BackendForm(_GroupedForm):
    """A backend; ``owner`` is the organisation whose backend it is, None for the site's."""

    class Meta:
        model = Backend
        fields = [
            "name",
            "kind",
            "base_url",
            "ca_certificates",
            "is_enabled",
            "max_concurrency",
            "serving_weight",
            "first_byte_timeout_s",
            "read_timeout_s",
            "priority",
            "sensitivity",
            "serving_organisation",
            "site",
            "pue",
            "wue",
            "carbon_gco2e_per_kwh",
            "carbon_source",
            "carbon_date",
            *COUNTERS,
        ]
        widgets = {
            "base_url": forms.URLInput(attrs={"placeholder": "https://gpu.univ-example.fr/v1"}),
            "ca_certificates": forms.Textarea(attrs={"rows": 4, "class": "input code"}),
            **WIDGETS,
            "carbon_date": forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        }
        help_texts = {
            "base_url": _(
                "The part before /chat/completions. Empty: its servers are jobs of Slurm."
            ),
            "ca_certificates": _("Only if the certificate is not signed by a public authority."),
            "max_concurrency": _("The others wait in a queue, in which organisations take turns."),
            "serving_weight": _("In the queue, for one turn of another organisation."),
            "first_byte_timeout_s": _("A gateway with a queue needs up to 570."),
            "priority": _("Of the backends of one alias, the lowest number is used first."),
            "sensitivity": _("Instances with more sensitive documents cannot use it."),
            "site": _("Shown to readers, such as: data centre in Lyon."),
            "carbon_gco2e_per_kwh": _("Empty: the average of the country."),
            **HELP_TEXTS,
        }

    _CONNECTION = ("name", "kind", "base_url", "ca_certificates", "is_enabled")
    _USE = (
        *("sensitivity", "priority", "max_concurrency", "serving_weight"),
        *("first_byte_timeout_s", "read_timeout_s"),
    )
    _PLACE = ("serving_organisation", "site", "pue", "wue")
    _CARBON = ("carbon_gco2e_per_kwh", "carbon_source", "carbon_date")
    _GROUPS = (
        (_("Connection"), _CONNECTION),
        (_("Use"), _USE),
        (_("Where it runs"), (*_PLACE, *_CARBON)),
        (_("Measured energy"), COUNTERS),
    )

    def __init__(self, *args: Any, owner: Organisation | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._owner = owner
        if self.instance.pk is None:
            self.instance.owner = owner
            self.initial["serving_organisation"] = owner
        organisations: Any = self.fields["serving_organisation"]
        organisations.empty_label = pgettext_lazy("organisation", "not stated")
        if owner is not None:
            organisations.queryset = Organisation.objects.filter(pk=owner.pk)
            # Addresses that this deployment reads by itself: those of its operators only.
            for name in COUNTERS:
                del self.fields[name]
        else:
            self.fields["host_watts"].required = False

        if not self._may_be_run_by_slurm:
            self.fields["base_url"].required = True
            self.fields["base_url"].help_text = _("The part before /chat/completions.")

    @property
    def _may_be_run_by_slurm(self) -> bool:
        is_run = self.instance.pk is not None and self.instance.is_run_by_slurm
        return self._owner is None and (bool(settings.SLURM_COMMAND_PREFIXES) or is_run)

    def clean_base_url(self) -> str:
        url: str = self.cleaned_data["base_url"].strip().rstrip("/")
        if not url:
            return url
        if self.instance.pk is not None and has_template(self.instance.pk):
            raise forms.ValidationError(
                _("This backend has a job template. Remove the template, or leave this empty.")
            )
        wrong = forms.ValidationError(_("Write an address that begins with http or https."))
        try:
            check_address(url)
        except ValueError as error:
            raise wrong from error
        address = urlsplit(url)
        if not (url.isascii() and url.isprintable()) or " " in url:
            raise wrong
        if address.username or address.query or address.fragment:
            raise forms.ValidationError(_("The address has a user name, a query or a fragment."))
        # An operator's own backends may be anywhere.
        if self.instance.owner_id is not None and refused_addresses(address.hostname or ""):
            raise forms.ValidationError(
                _("This address is in a private network. Ask an operator of the site to allow it.")
            )
        return url

    def clean_metrics_urls(self) -> str:
        return read_addresses(self.cleaned_data["metrics_urls"])

    def clean_energy_urls(self) -> str:
        return read_addresses(self.cleaned_data["energy_urls"])

    def clean_host_watts(self) -> float:
        return self.cleaned_data["host_watts"] or 0.0

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or self.cleaned_data
        if missing := missing_counters(data):
            self.add_error(missing, MISSING)
        return data

    def clean_ca_certificates(self) -> str:
        pem: str = self.cleaned_data["ca_certificates"].strip()
        try:
            if pem:
                ssl.create_default_context(cadata=pem)
        except (ssl.SSLError, ValueError) as error:
            raise forms.ValidationError(_("This is not a certificate in PEM format.")) from error
        return pem


class LanguageModelForm(_GroupedForm):
    """A model of a backend."""

    class Meta:
        model = LanguageModel
        fields = [
            "server_id",
            "alias",
            "label",
            "description_fr",
            "description_en",
            "is_enabled",
            "context_window",
            "total_parameters_b",
            "active_parameters_b",
            "quantisation_bits",
            "languages",
            "supports_tools",
            "supports_json",
            "supports_images",
            "transcribes",
            "prompt_price",
            "completion_price",
            "prompt_j_per_token",
            "completion_j_per_token",
        ]
        field_classes = {"languages": LanguagesField}
        help_texts = {
            "server_id": _("As the backend lists it."),
            "alias": _(
                "Stays the same when the backend changes its id. Models with one alias replace each"
                " other when a backend fails."
            ),
            "label": _("Shown to readers."),
            "description_fr": _("One sentence in the words of the readers: what it is good at."),
            "active_parameters_b": _("Less than all for a mixture of experts."),
            "quantisation_bits": _("16 for most models; 4 or 8 for quantised ones."),
            "languages": _("Those that it writes well, such as: fr, en. Readers see them."),
            "transcribes": _(
                "A model of speech, such as Whisper. It reads recordings, and answers no questions."
            ),
            "prompt_price": _("Empty: unknown. 0: free of charge."),
            "prompt_j_per_token": _("Measured at this backend; empty: estimated from the size."),
        }

    _NAME = ("server_id", "alias", "label", "description_fr", "description_en", "is_enabled")
    _SIZE = ("context_window", "total_parameters_b", "active_parameters_b", "quantisation_bits")
    _ABILITIES = (
        *("languages", "supports_tools", "supports_json", "supports_images", "transcribes"),
    )
    _PRICES = ("prompt_price", "completion_price")
    _ENERGY = ("prompt_j_per_token", "completion_j_per_token")
    _GROUPS = (
        (_("Name"), _NAME),
        (_("Abilities"), (*_SIZE, *_ABILITIES)),
        (_("Cost"), (*_PRICES, *_ENERGY)),
    )

    def clean_alias(self) -> str:
        alias: str = self.cleaned_data["alias"]
        if alias in RESERVED_ALIASES:
            raise forms.ValidationError(_("This alias is reserved."))
        others = LanguageModel.objects.filter(backend=self.instance.backend, alias=alias)
        if others.exclude(pk=self.instance.pk).exists():
            raise forms.ValidationError(_("Another model of this backend has this alias."))
        return alias

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        total, active = cleaned.get("total_parameters_b"), cleaned.get("active_parameters_b")
        if total is not None and active is not None and active > total:
            self.add_error("active_parameters_b", _("More than the parameters of the model."))
        return cleaned
