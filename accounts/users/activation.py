"""Switching a person's account off and on."""

import secrets

from django.db import transaction

from accounts.logins.sessions import end_sessions_under
from instances import audit
from people.models import User


def switch_off(user: User) -> None:
    """Refuse every login of a person, and end their sessions.

    Their API keys are refused meanwhile (``instances.access.api_keys``); sessions do not come
    back.
    """
    with transaction.atomic():
        user.is_active = False
        end_every_session(user)
        user.save(update_fields=["is_active"])
        audit.record(audit.Action.USER_DISABLED, target=user)


def switch_on(user: User) -> None:
    """Let a person log in again."""
    with transaction.atomic():
        user.is_active = True
        user.save(update_fields=["is_active"])
        audit.record(audit.Action.USER_ENABLED, target=user)


def end_every_session(user: User) -> None:
    """End the person's sessions, however they began."""
    user.session_salt = secrets.token_hex(16)
    user.save(update_fields=["session_salt"])
    end_sessions_under(user=user)
