"""The operators of the site: who they are, and how one becomes one."""

from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet

from instances import audit
from instances.account_control import require_independent
from instances.errors import AlreadyAdministrator, LastOperator


def operators() -> QuerySet[Any]:
    """Every operator whose account is on, by name."""
    people = get_user_model()._default_manager.filter(is_staff=True, is_active=True)
    return people.order_by("last_name", "first_name", "username")


def add_operator(user: Any, *, by: Any) -> None:
    """Let a person (``person_lookup``) operate the site, /admin/ included.

    Raises AlreadyAdministrator, or as ``require_independent`` of ``by``.
    """
    if user.pk != by.pk:
        require_independent(actor=by, person=user)
    with transaction.atomic():
        _set(user, is_operator=True)
        audit.record(audit.Action.OPERATOR_ADDED, target=user)


def remove_operator(user: Any) -> None:
    """Let somebody no longer operate the site. Raises LastOperator."""
    with transaction.atomic():
        # In one order, so that two who remove each other wait here; the second is refused.
        locked = operators().order_by("pk").select_for_update()
        if not [other for other in locked if other.pk != user.pk]:
            raise LastOperator(user.username)
        _set(user, is_operator=False)
        audit.record(audit.Action.OPERATOR_REMOVED, target=user)


def _set(user: Any, *, is_operator: bool) -> None:
    if user.is_staff == is_operator:
        raise AlreadyAdministrator(user.username)
    user.is_staff = user.is_superuser = is_operator
    user.save(update_fields=["is_staff", "is_superuser"])
