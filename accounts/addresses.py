"""Names and e-mail addresses of accounts with a password.

Each address has one such account at most (a constraint of the table), so that a login computes one
hash, and a forgotten password sends one mail.
"""

from django.db.models import Value
from django.db.models.functions import Lower

from accounts.models import HAS_PASSWORD, User


def account_of_address(address: str) -> User | None:
    """The account with a password that has this address, in whatever case."""
    people = User.objects.filter(HAS_PASSWORD).exclude(email="").alias(lower=Lower("email"))
    return people.filter(lower=Lower(Value(address))).first()


def account_named(name: str) -> User | None:
    """The account with a password whose user name this is, in whatever case, else its address."""
    people = User.objects.filter(HAS_PASSWORD).alias(lower=Lower("username"))
    named = list(people.filter(lower=Lower(Value(name)))[:2])
    if not named:
        return account_of_address(name)
    # User names that differ by case alone mean nobody.
    return named[0] if len(named) == 1 else None


def is_address_taken(address: str, *, by_other_than: User | None = None) -> bool:
    """Whether another account that has a password has this address."""
    bearer = account_of_address(address)
    return bearer is not None and bearer != by_other_than
