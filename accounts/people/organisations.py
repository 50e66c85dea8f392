"""Switching a whole organisation off and on.

Its instances, their keys and its login rules are judged by ``is_enabled`` at each request; the
sessions that its rules opened end here.
"""

from django.db import transaction

from accounts.logins.sessions import end_sessions_under
from instances.models import Organisation
from instances.organisations.administrators import set_enabled


def switch_off(organisation: Organisation) -> int:
    """Close the organisation at once; return how many sessions that ended."""
    with transaction.atomic():
        set_enabled(organisation, is_enabled=False)
        return end_sessions_under(rule__organisation=organisation)


def switch_on(organisation: Organisation) -> None:
    """Open the organisation again; sessions do not come back."""
    set_enabled(organisation, is_enabled=True)
