"""Forms of the members of an instance."""

from typing import Any

from django import forms
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from administration.forms.fields import until_field
from administration.forms.people import PersonForm
from instances.models import (
    Membership,
    Role,
)
from people.usernames import clean_chosen_username, validate_not_an_address


class MemberForm(PersonForm):
    """A person who has an account, and their role."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.MEMBER)
    expires_at = until_field()


class RoleForm(forms.Form):
    """The new role of a member."""

    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class EndForm(forms.Form):
    """The new end of a membership."""

    expires_at = until_field()

    def __init__(self, *args: Any, membership: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if membership.expires_at is not None:
            self.initial["expires_at"] = timezone.localdate(membership.expires_at)


class LocalMemberForm(forms.Form):
    """A person who has no account yet."""

    first_name = forms.CharField(
        label=_("First name"), max_length=150, validators=[validate_not_an_address]
    )
    last_name = forms.CharField(
        label=_("Last name"), max_length=150, validators=[validate_not_an_address]
    )
    username = forms.CharField(
        label=_("User name"), max_length=150, validators=[UnicodeUsernameValidator()]
    )
    email = forms.EmailField(label=_("E-mail address"), required=False)
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, initial=Role.MEMBER)
    expires_at = until_field()

    def clean_username(self) -> str:
        """No user name may look like an address: members are added by either."""
        return clean_chosen_username(str(self.cleaned_data["username"]))
