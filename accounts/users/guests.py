"""Create local accounts with an invitation; there is no other sign-up."""

from typing import Any

from django.contrib.auth.forms import UserCreationForm
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.logins.addresses import is_address_taken
from instances import audit
from instances.account_control import record_control
from instances.members.invitations import accept
from instances.models import AccountControl, Invitation
from people.models import User
from people.usernames import clean_chosen_username


class GuestAccountForm(UserCreationForm):
    """A name, a user name and a password.

    There is no e-mail address: it would not be verified, and administrators add people by it.
    """

    class Meta:
        model = User
        fields = ["first_name", "last_name", "username"]

    def __init__(self, *args: Any, address: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._address = address
        for name in ("first_name", "last_name"):
            self.fields[name].required = True
        username = self.fields["username"]
        username.label = _("User name")
        username.help_text = _("You will log in with it and the password.")
        username.widget.attrs.pop("autofocus", None)
        self.fields["password2"].help_text = ""

    def clean(self) -> dict[str, Any]:
        """Refuse if an account with a password has the address of the invitation."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if is_address_taken(self._address):
            raise ValidationError(
                _(
                    "There is already an account with the address of this invitation: log in with "
                    "it."
                )
            )
        return cleaned

    def clean_username(self) -> str:
        """Refuse a user name that looks like an address, since members are added by either."""
        return clean_chosen_username(str(super().clean_username()))


def create_guest(form: GuestAccountForm, invitation: Invitation) -> User:
    """Create the account of a valid form, and accept the invitation. Raises InvitationClosed.

    The address of an invitation sent by mail counts as verified. The creator of the invitation
    controls the account from then on (``account_control``).
    """
    with transaction.atomic():
        user: User = form.save(commit=False)
        user.email = invitation.email
        user.save()
        if invitation.created_by is not None:
            record_control(
                account=user,
                controller=invitation.created_by,
                reason=AccountControl.Reason.INVITED,
            )
        audit.record(audit.Action.USER_CREATED, instance=invitation.instance, target=user)
        accept(invitation, user=user)
    return user
