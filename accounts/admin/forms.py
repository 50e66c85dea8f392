"""Forms of /admin/ about people's accounts."""

from typing import Any

from django.contrib.auth.forms import (
    AdminPasswordChangeForm,
    AdminUserCreationForm,
    UserChangeForm,
)
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.logins.addresses import is_address_taken
from accounts.users.takeover import record_issued_password
from instances import audit
from instances.errors import USER_MESSAGES, AddressTaken
from people.models import User
from people.usernames import clean_chosen_username


class NewAccountForm(AdminUserCreationForm):
    """A new account, whose user name does not look like an address."""

    class Meta(AdminUserCreationForm.Meta):
        model = User

    def clean_username(self) -> str:
        return clean_chosen_username(str(super().clean_username()))


class AccountForm(UserChangeForm):
    """An account; a changed user name must not look like an address.

    Its address must not be that of another account with a password.
    """

    class Meta(UserChangeForm.Meta):
        model = User

    def clean_username(self) -> str:
        username = str(self.cleaned_data["username"])
        return clean_chosen_username(username) if "username" in self.changed_data else username

    def clean_email(self) -> str:
        address: str = self.cleaned_data["email"]
        has_password = self.instance.has_usable_password()
        if has_password and is_address_taken(address, by_other_than=self.instance):
            raise ValidationError(str(USER_MESSAGES[AddressTaken]))
        return address


class IssuePasswordForm(AdminPasswordChangeForm):
    """A password that an operator sets, for another person or for themselves."""

    def clean(self) -> Any:
        cleaned = super().clean()
        sets_one = self.cleaned_data.get("set_usable_password")
        if sets_one and is_address_taken(self.user.email, by_other_than=self.user):
            raise ValidationError(
                _(
                    "Another account with a password has the address of this one. Change the "
                    "address first."
                )
            )
        return cleaned

    def save(self, commit: bool = True) -> Any:
        user = super().save(commit=commit)
        operator = audit.current_origin().user
        if user.has_usable_password() and user != operator:
            record_issued_password(user, by=operator if isinstance(operator, User) else None)
        return user
