"""Forms of the console page of federation feeds."""

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import MetadataFeed
from accounts.saml.certificates import read_pem


class FeedChangeForm(forms.ModelForm):
    """A federation's feed, whose address stays: its name, and the certificates that sign it."""

    class Meta:
        model = MetadataFeed
        fields = ["name", "certificates", "priority"]
        labels = {"certificates": _("Certificates that sign the feed")}
        help_texts = {
            "certificates": _(
                "In PEM format, obtained from the federation over a trusted channel. Several while "
                "the federation changes its own."
            ),
            "priority": _(
                "If two feeds contain the same identity provider, the lower number has precedence."
            ),
        }
        widgets = {
            "certificates": forms.Textarea(
                attrs={"rows": 8, "spellcheck": "false", "autocomplete": "off"}
            )
        }

    def clean_certificates(self) -> str:
        text: str = self.cleaned_data["certificates"]
        try:
            certificates = read_pem(text)
        except ValueError:
            certificates = []
        if not certificates:
            raise forms.ValidationError(
                _("This is not a certificate in PEM format (-----BEGIN CERTIFICATE-----…).")
            )
        if any(certificate.is_weak for certificate in certificates):
            raise forms.ValidationError(
                _("The key is too short: RSA of 2,048 bits or ECDSA of 256 bits is the minimum.")
            )
        return text


class FeedForm(FeedChangeForm):
    """A new feed, with its address."""

    url = forms.URLField(
        label=_("Address"),
        max_length=500,
        assume_scheme="https",
        help_text=_("Of the signed metadata of identity providers."),
    )

    class Meta(FeedChangeForm.Meta):
        fields = ["name", "url", "certificates", "priority"]
