"""Forms that name one person, or search for people."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from people.models import User


class PersonForm(forms.Form):
    """A person who has an account, by full user name or address.

    Submitted twice: first to show the account that was found, then with ``person``, the primary
    key of that account, to confirm it.
    """

    identifier = forms.CharField(label=_("User name or e-mail address"), max_length=254)

    def confirms(self, person: User) -> bool:
        """Whether the form confirms this account."""
        return self.data.get("person") == str(person.pk)


class PeopleForm(forms.Form):
    """Search words and start of a page; invalid values are ignored."""

    q = forms.CharField(required=False, max_length=100)
    after = forms.IntegerField(required=False, min_value=0, max_value=2**62)

    def chosen(self) -> dict[str, Any]:
        """``search`` and ``after`` for ``console_queries.people_of``."""
        self.is_valid()
        data = self.cleaned_data
        return {"search": data.get("q", ""), "after": data.get("after") or 0}
