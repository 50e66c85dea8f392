"""Whether a session has a second factor, and which instances require one."""

from typing import Final

from django.http import HttpRequest

from instances.models import Instance, Role

# Set at login to the source of the login (``Identity.source``) if it asserted a second factor: a
# SAML MFA profile, an OIDC ``amr``.
SESSION_KEY: Final = "second_factor"
# Where allauth records the authentication methods: [{"method": "mfa", …}, …].
_ALLAUTH_KEY: Final = "account_authentication_methods"


# The value for an authenticator (app or security key) of this site.
OWN: Final = ""


def has_second_factor(request: HttpRequest) -> bool:
    """Whether this session has a second factor."""
    return proof_of(request) is not None


def proof_of(request: HttpRequest) -> str | None:
    """What verified the second factor of this session: OWN, the source of a login, or None."""
    session = request.session
    if any(method.get("method") == "mfa" for method in session.get(_ALLAUTH_KEY, ())):
        return OWN
    source = session.get(SESSION_KEY)
    return str(source) if source else None


def is_required(instance: Instance, role: str) -> bool:
    """Whether the instance requires a second factor of members with this role."""
    if instance.second_factor == Instance.SecondFactor.EVERYONE:
        return True
    administrators_only = instance.second_factor == Instance.SecondFactor.ADMINISTRATORS
    return administrators_only and role == Role.ADMIN
