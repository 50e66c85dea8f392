"""Forms about oneself."""

from typing import Any

from allauth.account.forms import ChangePasswordForm as AllauthChangePasswordForm
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from accounts.models import User


class ChangePasswordForm(AllauthChangePasswordForm):
    """A change of password that is one."""

    def clean(self) -> Any:
        cleaned = super().clean()
        new = self.cleaned_data.get("password1")
        if new and new == self.cleaned_data.get("oldpassword"):
            self.add_error("password1", _("Choose a password other than the current one."))
        return cleaned


class ProfileForm(forms.ModelForm):
    """Name, language and theme.

    The e-mail address is not here: administrators add people by it, and nothing verifies it.
    """

    class Meta:
        model = User
        fields = ["first_name", "last_name", "language", "theme"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"] = forms.ChoiceField(
            label=_("Language"),
            required=False,
            choices=[("", _("As my browser")), *settings.LANGUAGES],
        )


class PreferencesForm(forms.ModelForm):
    """Language or theme, from the person menu: what is not sent stays as it is."""

    class Meta:
        model = User
        fields = ["language", "theme"]

    def __init__(self, data: Any, *, instance: User) -> None:
        super().__init__(data, instance=instance)
        for name in set(self.fields) - set(data):
            del self.fields[name]
