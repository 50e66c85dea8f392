"""Forms of the console pages of SAML identity providers."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import MetadataFeed
from accounts.saml.identity_providers import KINDS
from accounts.saml.xml import MAX_MESSAGE_BYTES


class IdentityProvidersForm(forms.Form):
    """Search, filters and page of the list; invalid values are ignored."""

    q = forms.CharField(required=False, max_length=200)
    kind = forms.ChoiceField(required=False, choices=[(name, name) for name in KINDS])
    feed = forms.ModelChoiceField(MetadataFeed.objects.all(), required=False)
    page = forms.IntegerField(required=False, min_value=1)

    def chosen(self) -> dict[str, Any]:
        """``search``, ``kind`` and ``feed_id`` for ``identity_providers.find_all``."""
        self.is_valid()
        data = self.cleaned_data
        feed = data.get("feed")
        return {
            "search": data.get("q", ""),
            "kind": data.get("kind", ""),
            "feed_id": feed.pk if feed else 0,
        }


class MetadataForm(forms.Form):
    """The metadata of one identity provider."""

    metadata = forms.FileField(
        label=_("Metadata file"),
        help_text=_(
            "XML, obtained over a trusted channel: its signature is not checked. Another file of "
            "the same entity replaces it, for example when the keys change."
        ),
    )

    def clean_metadata(self) -> bytes:
        file = self.cleaned_data["metadata"]
        if file.size > MAX_MESSAGE_BYTES:
            raise forms.ValidationError(_("This file is too large for the metadata of one entity."))
        return bytes(file.read())
