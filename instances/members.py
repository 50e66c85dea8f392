"""Who belongs to an instance, and as what.

All of it but ``memberships_of`` runs inside ``tenant(instance)``.
"""

import secrets
from typing import Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from instances.errors import AlreadyMember, LastAdministrator, MemberNotFound, UsernameTaken
from instances.models import ApiKey, Instance, Membership
from instances.tenancy import as_user

# Without the characters that look alike.
PASSWORD_ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # noqa: S105 (letters)
PASSWORD_GROUPS, PASSWORD_GROUP_LENGTH = 4, 5


def memberships_of(user: Any) -> list[Membership]:
    """The memberships of one person, with their instances and organisations, by name."""
    with as_user(user.pk):
        return list(
            Membership.objects.filter(user_id=user.pk)
            .select_related("instance__organisation")
            .order_by("instance__name", "pk")
        )


def members_of(instance: Instance, search: str = "") -> QuerySet[Membership]:
    """Memberships with their people, by name; ``search`` looks in names and addresses."""
    memberships = (
        Membership.objects.for_instance(instance)
        .select_related("user")
        .order_by("user__last_name", "user__first_name", "user__username")
    )
    if search:
        memberships = memberships.filter(
            Q(user__username__icontains=search)
            | Q(user__email__icontains=search)
            | Q(user__first_name__icontains=search)
            | Q(user__last_name__icontains=search)
        )
    return memberships


def add_member(*, instance: Instance, identifier: str, role: str) -> Membership:
    """Add the person whose user name or e-mail address is ``identifier``.

    Raises MemberNotFound or AlreadyMember.
    """
    people = get_user_model()._default_manager.filter(is_active=True)
    user = people.filter(username=identifier).first()
    if user is None:
        # An address may be shared; adding the wrong person would open the instance to them.
        matches = list(people.filter(email__iexact=identifier).exclude(email="")[:2])
        if len(matches) != 1:
            raise MemberNotFound(identifier)
        user = matches[0]
    return _join(instance, user, role)


def create_local_member(
    *, instance: Instance, username: str, email: str, first_name: str, last_name: str, role: str
) -> tuple[Membership, str]:
    """Create an account and its membership; return it with the password, kept nowhere in clear.

    The person must change the password at the first login. Raises UsernameTaken.
    """
    password = one_time_password()
    try:
        with transaction.atomic():
            user = get_user_model()._default_manager.create_user(
                username=username,
                email=email,
                first_name=first_name,
                last_name=last_name,
                password=password,
                must_change_password=True,
            )
    except IntegrityError as error:
        raise UsernameTaken(username) from error
    return _join(instance, user, role), password


def change_role(*, membership: Membership, role: str) -> None:
    """Give the member another role. Raises LastAdministrator."""
    with transaction.atomic():
        if role != Membership.Role.ADMIN:
            _keep_an_administrator(membership)
        membership.role = role
        membership.save(update_fields=["role"])


def remove_member(membership: Membership) -> None:
    """Take the person out of the instance, and end the keys they made. Raises LastAdministrator."""
    with transaction.atomic():
        _keep_an_administrator(membership)
        ApiKey.objects.for_instance(membership.instance_id).filter(
            created_by=membership.user_id, revoked_at=None
        ).update(revoked_at=timezone.now())
        membership.delete()


def one_time_password() -> str:
    """A random password that can be read out over the telephone (117 bits)."""
    return "-".join(
        "".join(secrets.choice(PASSWORD_ALPHABET) for _ in range(PASSWORD_GROUP_LENGTH))
        for _ in range(PASSWORD_GROUPS)
    )


def _join(instance: Instance, user: Any, role: str) -> Membership:
    membership, created = Membership.objects.get_or_create(
        instance=instance, user=user, defaults={"role": role}
    )
    if not created:
        raise AlreadyMember(user.username)
    return membership


def _keep_an_administrator(membership: Membership) -> None:
    """Raise LastAdministrator if nobody else administers the instance.

    Locks the administrators' rows, so that two who remove each other cannot both succeed.
    """
    if membership.role != Membership.Role.ADMIN:
        return
    administrators = (
        Membership.objects.for_instance(membership.instance_id)
        .select_for_update()
        .filter(role=Membership.Role.ADMIN)
        .order_by("pk")
    )
    if not [other for other in administrators if other.pk != membership.pk]:
        raise LastAdministrator(str(membership))
