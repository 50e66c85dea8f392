"""Whether a session was opened with a second factor, and where it is asked for."""

from typing import Final

from django.http import HttpRequest

from instances.models import Instance, Membership

# Set at login by whoever has seen the proof: an IdP's MFA profile, an OIDC provider's ``amr``.
SESSION_KEY: Final = "second_factor"
# Where allauth notes how the session was opened: [{"method": "mfa", …}, …].
_ALLAUTH_KEY: Final = "account_authentication_methods"


def has_second_factor(request: HttpRequest) -> bool:
    """Whether this session proved more than a password."""
    session = request.session
    if session.get(SESSION_KEY):
        return True
    return any(method.get("method") == "mfa" for method in session.get(_ALLAUTH_KEY, ()))


def is_asked_for(instance: Instance, membership: Membership) -> bool:
    """Whether the instance asks this member for a second factor."""
    if instance.second_factor == Instance.SecondFactor.EVERYONE:
        return True
    administrators_only = instance.second_factor == Instance.SecondFactor.ADMINISTRATORS
    return administrators_only and membership.may_administer
