"""Changes that operators make to the accounts of others: names and address."""

from collections.abc import Sequence

from django.db import IntegrityError, transaction

from accounts.users.takeover import record_address_change
from instances import audit
from instances.errors import AddressTaken, UsernameTaken
from instances.members.memberships import constraint_of
from people.models import User


def change_account(user: User, *, fields: Sequence[str], former_email: str, by: User) -> None:
    """Save the changed `fields` of an account: user name, names, address.

    Whoever changes the address is recorded as controlling the account. Raises UsernameTaken or
    AddressTaken.
    """
    if not fields:
        return
    saved = list(fields)
    if "email" in fields:
        user.is_found_by_email = True
        saved.append("is_found_by_email")
    try:
        with transaction.atomic():
            user.save(update_fields=saved)
            audit.record(audit.Action.USER_CHANGED, target=user, fields=list(fields))
            if "email" in fields:
                record_address_change(user, former=former_email, by=by)
    except IntegrityError as error:
        if constraint_of(error) == "one_account_with_a_password_per_address":
            raise AddressTaken(user.email) from error
        raise UsernameTaken(user.username) from error
