"""Forms of the console pages of accounts."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.logins.addresses import is_address_taken
from accounts.users.account_search import KINDS
from instances.errors import USER_MESSAGES, AddressTaken
from people.models import User
from people.usernames import clean_chosen_username


class UserAccountsForm(forms.Form):
    """Search, filter and page of the list; invalid values are ignored."""

    q = forms.CharField(required=False, max_length=200)
    kind = forms.ChoiceField(required=False, choices=[(name, name) for name in KINDS])
    page = forms.IntegerField(required=False, min_value=1)

    def chosen(self) -> dict[str, str]:
        """``search`` and ``kind`` for ``account_search.find_accounts``."""
        self.is_valid()
        data = self.cleaned_data
        return {"search": data.get("q", ""), "kind": data.get("kind", "")}


class EraseForm(forms.Form):
    """Confirms an erasure by the user name of the account."""

    confirmation = forms.CharField(
        label=_("Enter the user name to confirm"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, person: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._person = person

    def clean_confirmation(self) -> str:
        if self.cleaned_data["confirmation"] != self._person.username:
            raise forms.ValidationError(_("This is not the user name of the account."))
        return self._person.username


class UserAccountForm(forms.ModelForm):
    """Names and address of an account, new or changed.

    A new or changed user name must not look like an address; the address of an account with a
    password must not be that of another.
    """

    class Meta:
        model = User
        fields = ("username", "first_name", "last_name", "email")
        labels = {"email": _("E-mail address")}
        widgets = {
            "username": forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none"}),
        }

    def clean_username(self) -> str:
        username = str(self.cleaned_data["username"])
        return clean_chosen_username(username) if "username" in self.changed_data else username

    def clean_email(self) -> str:
        address: str = self.cleaned_data["email"]
        person = self.instance if self.instance.pk else None
        has_password = person is None or person.has_usable_password()
        if address and has_password and is_address_taken(address, by_other_than=person):
            raise forms.ValidationError(str(USER_MESSAGES[AddressTaken]))
        return address
