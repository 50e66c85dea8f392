"""Look up accounts with a password by user name or e-mail address.

An address has at most one such account (a constraint of the table), so that a login computes one
hash, and a forgotten password sends one mail.
"""

from django.db.models import Value
from django.db.models.functions import Lower

from people.models import HAS_PASSWORD, User


def account_of_address(address: str) -> User | None:
    """Return the account with a password and this address, ignoring case."""
    people = User.objects.filter(HAS_PASSWORD).exclude(email="").alias(lower=Lower("email"))
    return people.filter(lower=Lower(Value(address))).first()


def account_named(name: str) -> User | None:
    """Return the account with a password and this user name, else address, ignoring case."""
    named = User.objects.filter(HAS_PASSWORD, username=name).first()
    return named or account_of_address(name)


def is_address_taken(address: str, *, by_other_than: User | None = None) -> bool:
    """Return whether another account with a password has this address."""
    account = account_of_address(address)
    return account is not None and account != by_other_than
