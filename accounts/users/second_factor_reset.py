"""Delete the second factors of people who have lost theirs."""

from typing import cast

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import QuerySet

from instances import audit
from people.models import User


def second_factors_of(user: User) -> QuerySet[Authenticator]:
    """Return the person's apps, keys and recovery codes, the oldest first."""
    found: QuerySet[Authenticator] = Authenticator.objects.filter(user=user)
    return found.order_by("created_at", "pk")


def remove_second_factor(factor: Authenticator) -> None:
    """Delete one second factor."""
    with transaction.atomic():
        person, kind = cast(User, factor.user), factor.type
        factor.delete()
        audit.record(audit.Action.LOGIN_REMOVED, target=person, second_factor=kind)


def reset_second_factors(user: User) -> int:
    """Delete all second factors of a person; return their number."""
    with transaction.atomic():
        factors = list(second_factors_of(user))
        for factor in factors:
            remove_second_factor(factor)
    return len(factors)
