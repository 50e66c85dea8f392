"""List, add and remove operators of the site."""

from django.db import transaction
from django.db.models import QuerySet

from instances import audit
from instances.account_control import require_independent
from instances.errors import AlreadyAdministrator, LastOperator
from people.models import User


def operators() -> QuerySet[User]:
    """Every active operator, sorted by name."""
    people = User.objects.filter(is_staff=True, is_active=True)
    return people.order_by("last_name", "first_name", "username")


def add_operator(user: User, *, by: User) -> None:
    """Make a person an operator of the site, with access to /admin/.

    Raises AlreadyAdministrator, and the errors of ``require_independent`` for ``by``.
    """
    if user.pk != by.pk:
        require_independent(actor=by, person=user)
    with transaction.atomic():
        _set(user, is_operator=True)
        audit.record(audit.Action.OPERATOR_ADDED, target=user)


def remove_operator(user: User) -> None:
    """Remove an operator. Raises LastOperator."""
    with transaction.atomic():
        require_another_operator(user)
        _set(user, is_operator=False)
        audit.record(audit.Action.OPERATOR_REMOVED, target=user)


def require_another_operator(user: User) -> None:
    """Raise LastOperator if the site would have no operator without this person.

    Call it in a transaction. The operators are locked, in one order, so that two of them cannot
    remove or disable each other concurrently.
    """
    locked = operators().order_by("pk").select_for_update()
    if not [other for other in locked if other.pk != user.pk]:
        raise LastOperator(user.username)


def _set(user: User, *, is_operator: bool) -> None:
    if user.is_staff == is_operator:
        raise AlreadyAdministrator(user.username)
    user.is_staff = user.is_superuser = is_operator
    user.save(update_fields=["is_staff", "is_superuser"])
