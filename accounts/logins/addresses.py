"""Names and e-mail addresses of accounts with a password.

Each address has one such account at most (a constraint of the table), so that a login computes one
hash, and a forgotten password sends one mail.
"""

from django.db.models import Value
from django.db.models.functions import Lower

from people.models import HAS_PASSWORD, User


def account_of_address(address: str) -> User | None:
    """The account with a password that has this address, in whatever case."""
    people = User.objects.filter(HAS_PASSWORD).exclude(email="").alias(lower=Lower("email"))
    return people.filter(lower=Lower(Value(address))).first()


def account_named(name: str) -> User | None:
    """The account with a password whose user name this is, in whatever case, else its address."""
    named = User.objects.filter(HAS_PASSWORD, username=name).first()
    return named or account_of_address(name)


def is_address_taken(address: str, *, by_other_than: User | None = None) -> bool:
    """Whether another account that has a password has this address."""
    account = account_of_address(address)
    return account is not None and account != by_other_than
