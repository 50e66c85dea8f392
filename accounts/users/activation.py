"""Disable and enable a person's account."""

import secrets

from django.db import transaction

from accounts.logins.sessions import end_sessions_of
from instances import audit
from instances.organisations.operators import require_another_operator
from people.models import User


def disable_account(user: User) -> None:
    """Disable an account: logins are refused and sessions end.

    While it is disabled, its API keys are refused too (``instances.access.api_keys``). Ended
    sessions are not restored. Raises LastOperator.
    """
    with transaction.atomic():
        if user.is_staff:
            require_another_operator(user)
        user.is_active = False
        end_every_session(user)
        user.save(update_fields=["is_active"])
        audit.record(audit.Action.USER_DISABLED, target=user)


def enable_account(user: User) -> None:
    """Enable an account."""
    with transaction.atomic():
        user.is_active = True
        user.save(update_fields=["is_active"])
        audit.record(audit.Action.USER_ENABLED, target=user)


def end_every_session(user: User) -> None:
    """End all sessions of a person."""
    user.session_salt = secrets.token_hex(16)
    user.save(update_fields=["session_salt"])
    end_sessions_of(user=user)
