"""Sessions that an IdP opened, ended when the right to them ends."""

from typing import Any

from accounts.logins import sessions
from accounts.saml.models import SamlSession


def end_sessions(**which: Any) -> int:
    """End the sessions of a user, an IdP, a rule (``user=…``, ``rule__organisation=…``)."""
    return sessions.end_sessions(SamlSession.objects.filter(**which))
