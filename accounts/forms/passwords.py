"""Forms of one's own password and profile."""

from typing import Any

from allauth.account.adapter import get_adapter
from allauth.account.forms import ChangePasswordForm as AllauthChangePasswordForm
from allauth.account.forms import LoginForm as AllauthLoginForm
from allauth.account.forms import ReauthenticateForm as AllauthReauthenticateForm
from allauth.account.forms import ResetPasswordForm as AllauthResetPasswordForm
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.logins.addresses import account_of_address
from people.models import User
from people.usernames import normalise_username


class LoginForm(AllauthLoginForm):
    """The login form; the link for a forgotten password is in the template."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        login, password = self.fields["login"], self.fields["password"]
        login.label = _("User name or e-mail address")
        login.widget.attrs = {"autocomplete": "username", "autocapitalize": "none"}
        password.widget.attrs.pop("placeholder", None)
        password.help_text = ""

    def clean_login(self) -> str:
        """Return the normalised user name; addresses are compared without case anyway."""
        return normalise_username(super().clean_login())


class ChangePasswordForm(AllauthChangePasswordForm):
    """A change of password; the new one must differ."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs.pop("placeholder", None)
        self.fields["oldpassword"].help_text = ""

    def clean(self) -> Any:
        cleaned = super().clean()
        new = self.cleaned_data.get("password1")
        if new and new == self.cleaned_data.get("oldpassword"):
            self.add_error("password1", _("Choose a password other than the current one."))
        return cleaned


class ResetPasswordForm(AllauthResetPasswordForm):
    """The request to reset a forgotten password, for accounts that have one.

    People of an institution have no password and cannot get one, so access to their mail does not
    give access to their account.
    """

    users: list[User]

    def clean_email(self) -> str:
        email: str = get_adapter().clean_email(self.cleaned_data["email"])
        account = account_of_address(email)
        self.users = [account] if account is not None and account.is_active else []
        return email


class ReauthenticateForm(AllauthReauthenticateForm):
    """Reauthentication with the password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].widget.attrs.pop("placeholder", None)
        self.fields["password"].help_text = ""


class ProfileForm(forms.ModelForm):
    """Name, language and theme.

    There is no e-mail address: it would not be verified, and administrators add people by it.
    """

    class Meta:
        model = User
        fields = ["first_name", "last_name", "language", "theme"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"] = forms.ChoiceField(
            label=_("Language"),
            required=False,
            choices=[("", _("As in my browser")), *settings.LANGUAGES],
        )


class PreferencesForm(forms.ModelForm):
    """Language or theme, from the user menu; missing values are not changed."""

    class Meta:
        model = User
        fields = ["language", "theme"]

    def __init__(self, data: Any, *, instance: User) -> None:
        super().__init__(data, instance=instance)
        for name in set(self.fields) - set(data):
            del self.fields[name]
