"""Fields of the forms of kinds."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from sources.errors import AddressRefused, explain
from web.outbound.client import check_destination
from web.outbound.errors import DestinationRefused, OutboundError

_MAX_URL_CHARS = 2000


class AddressField(forms.CharField):
    """An address of the web that this site may reach."""

    widget = forms.URLInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=_MAX_URL_CHARS, **kwargs)

    def clean(self, value: Any) -> str:
        """Return the address, with ``https://`` if it has no scheme."""
        url: str = super().clean(value)
        if url and "://" not in url:
            url = f"https://{url}"
        try:
            if url:
                check_destination(url)
        except DestinationRefused as error:
            raise ValidationError(explain(AddressRefused.code), code="refused") from error
        except OutboundError as error:
            # A server that is down for a moment is tried by the runs.
            message = _("There is no server of this name. Check the address.")
            raise ValidationError(message, code="unknown") from error
        return url


class SecretField(forms.CharField):
    """A password or key, which is stored encrypted and never shown."""

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.PasswordInput(attrs={"autocomplete": "new-password"})
        super().__init__(widget=widget, max_length=500, strip=False, **kwargs)
