"""Whether a session was opened with a second factor, and where it is asked for."""

from typing import Final

from django.http import HttpRequest

from instances.models import Instance, Role

# Set at login by whoever has seen the proof (an IdP's MFA profile, an OIDC provider's ``amr``) to
# the source of that login, as ``Identity`` names it.
SESSION_KEY: Final = "second_factor"
# Where allauth notes how the session was opened: [{"method": "mfa", …}, …].
_ALLAUTH_KEY: Final = "account_authentication_methods"


# The proof of somebody who used an app or a key of their own, set up on this site.
OWN: Final = ""


def has_second_factor(request: HttpRequest) -> bool:
    """Whether this session proved more than a password."""
    return proof_of(request) is not None


def proof_of(request: HttpRequest) -> str | None:
    """Who saw the second factor of this session: OWN, the source of a login, or None for nobody."""
    session = request.session
    if any(method.get("method") == "mfa" for method in session.get(_ALLAUTH_KEY, ())):
        return OWN
    source = session.get(SESSION_KEY)
    return str(source) if source else None


def is_asked_for(instance: Instance, role: str) -> bool:
    """Whether the instance asks its members of this role for a second factor."""
    if instance.second_factor == Instance.SecondFactor.EVERYONE:
        return True
    administrators_only = instance.second_factor == Instance.SecondFactor.ADMINISTRATORS
    return administrators_only and role == Role.ADMIN
