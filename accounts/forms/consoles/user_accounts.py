"""Forms of the console pages of accounts."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.users.account_search import KINDS
from people.models import User


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
