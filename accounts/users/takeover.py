"""What an operator does to somebody's account that would let the operator log in to it.

The person is told, by mail where there is a mail server and on the home page in any case; the
audit log says so; and the operator controls the account from then on (``account_control``).
"""

from django.db import transaction

from accounts.users.activation import end_every_session
from instances import audit
from instances.account_control import record_control
from instances.models import AccountControl
from instances.notifications import account_controlled
from people.models import User


def password_issued(user: User, *, by: User | None) -> None:
    """Record that ``by`` (None: a command) has set another person's password.

    The person must choose another one at the next login; every session ends.
    """
    with transaction.atomic():
        user.must_change_password = True
        user.save(update_fields=["must_change_password"])
        end_every_session(user)
        _record(user, by, AccountControl.Reason.PASSWORD, user.notice_address)
        audit.record(audit.Action.PASSWORD_ISSUED, target=user)


def address_changed(user: User, *, former: str, by: User | None) -> None:
    """Record that ``by`` has changed where another person's reset links go.

    The person is told at the ``former`` address, where there was one.
    """
    with transaction.atomic():
        _record(user, by, AccountControl.Reason.ADDRESS, former or user.notice_address)
        audit.record(audit.Action.ADDRESS_CHANGED, target=user)


def _record(user: User, by: User | None, reason: str, notice_address: str) -> None:
    account_controlled(
        record_control(account=user, controller=by, reason=reason, notice_address=notice_address)
    )
