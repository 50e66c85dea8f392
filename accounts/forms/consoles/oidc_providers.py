"""The form of an OpenID Connect provider."""

from typing import Any

from allauth.socialaccount.models import SocialApp
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.oidc import registration
from accounts.oidc.configuration import client_secret_of


class OidcProviderForm(forms.Form):
    """A provider, new or with a changed configuration; its identifier never changes."""

    name = forms.CharField(
        label=_("Name"), max_length=40, help_text=_("As shown on the login page.")
    )
    slug = forms.SlugField(
        label=_("Identifier"),
        max_length=60,
        help_text=_("Part of the addresses to register at the provider, such as “keycloak”."),
    )
    issuer = forms.URLField(
        label=_("Issuer"),
        max_length=500,
        assume_scheme="https",
        help_text=_("Exactly as in its discovery document."),
    )
    client_id = forms.CharField(label=_("Client ID"), max_length=191)
    client_secret = forms.CharField(
        label=_("Client secret"),
        max_length=2000,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text=_("It is stored encrypted, and not shown again."),
    )
    scopes = forms.CharField(
        label=_("Scopes requested"),
        max_length=500,
        initial=" ".join(registration.DEFAULT_SCOPES),
        help_text=_("Separated by spaces. Add “email” for notifications by mail."),
    )
    mfa_acr = forms.CharField(
        label=_("Values of acr that mean a second factor"),
        max_length=500,
        required=False,
        help_text=_("Separated by spaces. Empty: the profile of REFEDS."),
    )
    pkce = forms.BooleanField(
        label=_("Send a proof key (PKCE)"),
        required=False,
        initial=True,
        help_text=_("Untick it only for a provider that rejects it, such as ProConnect."),
    )

    def __init__(self, *args: Any, app: SocialApp | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._app = app
        if app is None:
            return
        self.initial = {
            "name": app.name,
            "slug": app.provider_id,
            "issuer": app.settings["server_url"],
            "client_id": app.client_id,
            "scopes": " ".join(app.settings.get("scope", ())),
            "mfa_acr": " ".join(app.settings.get("mfa_acr", ())),
            "pkce": app.settings.get("pkce", True),
        }
        self.fields["slug"].disabled = True
        secret = self.fields["client_secret"]
        secret.required = False
        secret.help_text = _("Empty: the stored one is kept.")

    def clean_slug(self) -> str:
        slug: str = self.cleaned_data["slug"]
        if slug in registration.RESERVED_SLUGS:
            raise forms.ValidationError(_("This is the name of a protocol. Choose another."))
        if self._app is None and registration.providers().filter(provider_id=slug).exists():
            raise forms.ValidationError(_("A provider has this identifier. Choose another."))
        return slug

    def configuration(self) -> dict[str, Any]:
        """The arguments of ``registration.add_provider``.

        Raises ProviderUnreachable if the stored secret is to be kept and cannot be decrypted.
        """
        data = self.cleaned_data | {
            "scopes": self.cleaned_data["scopes"].split(),
            "mfa_acr": self.cleaned_data["mfa_acr"].split(),
        }
        if self._app is not None and not data["client_secret"]:
            data["client_secret"] = client_secret_of(self._app)
        return data
