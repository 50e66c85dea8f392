"""Logging in with a password: one account is meant by what was typed, and one hash is computed."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.http import HttpRequest

from accounts.logins.addresses import account_named
from people.models import User


class PasswordBackend(AuthenticationBackend):
    """allauth's, which tries every account of a name and an address in turn.

    One try costs one hash here, whether the name is known, unknown, or of an account that is
    switched off or has no password: neither the time nor the load tells them apart.
    """

    def _authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        name = credentials.get("username") or credentials.get("email") or ""
        # Without an account, allauth's ``authenticate`` computes a hash of its own.
        user: User | None = self._check_password(account_named(name), credentials["password"])
        return user
