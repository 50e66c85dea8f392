"""Record changes by which an operator could log in to another person's account.

The person is notified on the home page, and by mail if there is a mail server. The change is
written to the audit log. From then on, the operator controls the account (``account_control``).
"""

from django.db import transaction

from accounts.users.activation import end_every_session
from instances import audit
from instances.account_control import record_control
from instances.members.memberships import one_time_password
from instances.models import AccountControl
from instances.notifications import account_controlled
from people.models import User


def issue_password(user: User, *, by: User) -> str:
    """Set a one-time password for another person, and return it; it is stored nowhere."""
    password = one_time_password()
    with transaction.atomic():
        user.set_password(password)
        user.save(update_fields=["password"])
        record_issued_password(user, by=by)
    return password


def record_issued_password(user: User, *, by: User | None) -> None:
    """Record that ``by`` (None: a command) has set another person's password.

    The person must change it at the next login. All sessions end.
    """
    with transaction.atomic():
        user.must_change_password = True
        user.save(update_fields=["must_change_password"])
        end_every_session(user)
        _record(user, by, AccountControl.Reason.PASSWORD, user.notice_address)
        audit.record(audit.Action.PASSWORD_ISSUED, target=user)


def record_address_change(user: User, *, former: str, by: User | None) -> None:
    """Record that ``by`` has changed the address to which a person's reset links are sent.

    The person is notified at the ``former`` address, if there was one.
    """
    with transaction.atomic():
        _record(user, by, AccountControl.Reason.ADDRESS, former or user.notice_address)
        audit.record(audit.Action.ADDRESS_CHANGED, target=user)


def _record(user: User, by: User | None, reason: str, notice_address: str) -> None:
    account_controlled(
        record_control(account=user, controller=by, reason=reason, notice_address=notice_address)
    )
