"""allauth's forms for second factors, with our labels.

A passkey alone can log in to accounts with a password only, that is, local accounts. People of an
institution may add keys as a second factor, but cannot log in without their institution.
"""

from typing import Any

from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import (
    AddWebAuthnForm,
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.webauthn_origin import require_site_origin

_ONE_TIME_CODE = {"autocomplete": "one-time-code", "autocapitalize": "none", "spellcheck": "false"}


def _plain(field: forms.Field, **attributes: str) -> None:
    field.widget.attrs = _ONE_TIME_CODE | attributes


class ActivateAppForm(ActivateTOTPForm):
    """The first code of an authenticator app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code shown by the app")
        _plain(self.fields["code"], inputmode="numeric")


class CodeForm(AuthenticateForm):
    """A code of an app, or a recovery code, after the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code of your app, or a recovery code")
        _plain(self.fields["code"], autofocus="autofocus")


class ConfirmCodeForm(ReauthenticateForm):
    """A code of an app, or a recovery code, for reauthentication."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].label = _("Code of your app, or a recovery code")
        _plain(self.fields["code"], autofocus="autofocus")


class AddKeyForm(AddWebAuthnForm):
    """A security key or a passkey."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of the key")
        if self.user.has_usable_password():
            passwordless = self.fields["passwordless"]
            passwordless.label = _("Log in with it alone, without a password (passkey)")
            passwordless.help_text = _("It then asks for your fingerprint, your face or its PIN.")
        else:
            del self.fields["passwordless"]

    def clean_credential(self) -> Any:
        credential = self.cleaned_data["credential"]
        require_site_origin(credential)
        return credential


class KeyForm(AuthenticateWebAuthnForm):
    """A key, after the password."""

    def clean_credential(self) -> Authenticator:
        require_site_origin(self.cleaned_data["credential"])
        return super().clean_credential()


class ConfirmKeyForm(ReauthenticateWebAuthnForm):
    """A key, for reauthentication."""

    def clean_credential(self) -> Authenticator:
        require_site_origin(self.cleaned_data["credential"])
        return super().clean_credential()


class PasskeyLoginForm(LoginWebAuthnForm):
    """A passkey instead of name and password."""

    def clean_credential(self) -> Authenticator:
        require_site_origin(self.cleaned_data["credential"])
        authenticator = super().clean_credential()
        if not authenticator.user.has_usable_password():
            raise get_adapter().validation_error("incorrect_code")
        return authenticator
