"""Login with a password: one account is looked up and one hash is computed."""

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend
from django.db.models import BigIntegerField, QuerySet
from django.http import HttpRequest

from accounts.logins.addresses import account_named
from people.models import User
from web.postgresql.prepared import Parameter, PreparedQuery


def _user(pk: Parameter) -> QuerySet[User]:
    return User.objects.filter(pk=pk)


_USERS = PreparedQuery(_user, pk=BigIntegerField())


class PasswordBackend(AuthenticationBackend):
    """allauth's backend, limited to one hash for each attempt.

    allauth tries all accounts with the name or address in turn. Here an attempt takes the same time
    for a known name, an unknown one, and an account that is disabled or has no password.
    """

    def _authenticate(self, request: HttpRequest | None, **credentials: Any) -> User | None:
        name = credentials.get("username") or credentials.get("email") or ""
        # Without an account, allauth's ``authenticate`` computes a hash of its own.
        user: User | None = self._check_password(account_named(name), credentials["password"])
        return user

    def get_user(self, user_id: int) -> User | None:
        """Return the user of a session, read by a prepared query, if the account is active."""
        found = _USERS.rows(pk=user_id)
        return found[0] if found and self.user_can_authenticate(found[0]) else None
