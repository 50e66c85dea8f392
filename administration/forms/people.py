"""Forms that name one person, or search for people."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _


class PersonForm(forms.Form):
    """Somebody who has an account, by the whole user name or address.

    Sent twice: to see whom it means, then with ``person``, the number of the account that was
    shown, to confirm.
    """

    identifier = forms.CharField(label=_("User name or e-mail address"), max_length=254)

    def confirms(self, person: Any) -> bool:
        """Whether the form comes from the page that showed this very account."""
        return self.data.get("person") == str(person.pk)


class PeopleForm(forms.Form):
    """Whom to look for, and after whom the page begins."""

    q = forms.CharField(required=False, max_length=100)
    after = forms.IntegerField(required=False, min_value=0, max_value=2**62)

    def chosen(self) -> dict[str, Any]:
        """``search`` and ``after`` for ``console.people_of``."""
        self.is_valid()
        data = self.cleaned_data
        return {"search": data.get("q", ""), "after": data.get("after") or 0}
