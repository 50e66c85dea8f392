"""List, add, change and end memberships.

All functions except ``memberships_of`` run inside ``tenant(instance)``, or ``administering`` its
organisation.
"""

import secrets
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet

from instances import audit
from instances.account_control import record_control
from instances.errors import (
    AddressTaken,
    AlreadyMember,
    LastAdministrator,
    PersonalInstance,
    UsernameTaken,
)
from instances.members import removal
from instances.models import AccountControl, Instance, Invitation, Membership
from instances.tenancy import as_user
from people.models import User
from people.search import searchable
from web.search_words import search_words

# Without characters that look alike.
PASSWORD_ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # noqa: S105 (letters)
PASSWORD_GROUPS, PASSWORD_GROUP_LENGTH = 4, 5


def memberships_of(user: User) -> list[Membership]:
    """The current memberships of a person, with instances and organisations, sorted by name."""
    with as_user(user.pk):
        return list(
            Membership.objects.current()
            .filter(user_id=user.pk)
            .select_related("instance__organisation")
            .order_by("instance__name", "pk")
        )


def members_of(instance: Instance, search: str = "") -> QuerySet[Membership]:
    """Memberships with their people, sorted by name; ``search`` matches names and addresses."""
    accepted = Invitation.objects.for_instance(instance).filter(accepted_by=OuterRef("user"))
    memberships = (
        Membership.objects.for_instance(instance)
        .select_related("user")
        .annotate(was_invited=Exists(accepted))
        .order_by("user__last_name", "user__first_name", "user__username")
    )
    for word in search_words(search.lower()):
        memberships = memberships.alias(searched=searchable("user__")).filter(
            searched__contains=word
        )
    return memberships


def create_local_member(
    *,
    instance: Instance,
    username: str,
    email: str,
    first_name: str,
    last_name: str,
    role: str,
    created_by: User,
    expires_at: datetime | None = None,
) -> tuple[Membership, str]:
    """Create an account and its membership; return the membership and the one-time password.

    The person must change the password at the first login. Other instances find the account by
    user name only, as the address is not verified. ``created_by`` is recorded as controlling the
    account (``account_control``). Raises UsernameTaken, AddressTaken or PersonalInstance.
    """
    if instance.kind == Instance.Kind.PERSONAL:
        raise PersonalInstance(instance.slug)
    with transaction.atomic():
        user, password = create_local_account(
            username=username,
            email=email,
            first_name=first_name,
            last_name=last_name,
            created_by=created_by,
            instance=instance,
        )
        return join(instance, user, role, expires_at=expires_at), password


def create_local_account(
    *,
    username: str,
    email: str,
    first_name: str,
    last_name: str,
    created_by: User,
    instance: Instance | None = None,
) -> tuple[User, str]:
    """Create an account, in an instance or by an operator; return it and its one-time password.

    Only an operator's address lets others find the account. Raises UsernameTaken or AddressTaken.
    """
    password = one_time_password()
    with transaction.atomic():
        try:
            with transaction.atomic():
                user = User.objects.create_user(
                    username=username,
                    email=email,
                    first_name=first_name,
                    last_name=last_name,
                    password=password,
                    must_change_password=True,
                    is_found_by_email=instance is None,
                )
        except IntegrityError as error:
            if constraint_of(error) == "one_account_with_a_password_per_address":
                raise AddressTaken(email) from error
            raise UsernameTaken(username) from error
        record_control(account=user, controller=created_by, reason=AccountControl.Reason.CREATED)
        audit.record(audit.Action.USER_CREATED, instance=instance, target=user)
    return user, password


def change_role(*, membership: Membership, role: str) -> None:
    """Set the role of a member, who no longer depends on a rule. Raises LastAdministrator.

    Becoming a guest revokes the person's keys; no longer being an administrator revokes the open
    invitations that they created.
    """
    former = membership.role
    with transaction.atomic():
        if role != Membership.Role.ADMIN:
            _require_other_administrator(membership)
        membership.role, membership.rule = role, None
        membership.save(update_fields=["role", "rule"])
        if role == Membership.Role.GUEST:
            removal.revoke_keys(membership.instance, [membership.user_id])
        if role != Membership.Role.ADMIN:
            removal.revoke_invitations(membership.instance, [membership.user_id])
        audit.record(
            audit.Action.MEMBER_CHANGED,
            instance=membership.instance,
            target=membership.user,
            former_role=former,
            role=role,
        )


def change_end(*, membership: Membership, expires_at: datetime | None) -> None:
    """Set the end of a membership (None: no end), which no longer depends on a rule.

    Raises LastAdministrator.
    """
    with transaction.atomic():
        if expires_at is not None:
            _require_other_administrator(membership)
        membership.expires_at, membership.rule = expires_at, None
        membership.save(update_fields=["expires_at", "rule"])
        audit.record(
            audit.Action.MEMBER_CHANGED,
            instance=membership.instance,
            target=membership.user,
            role=membership.role,
            until=expires_at,
        )


def remove_member(membership: Membership) -> None:
    """Remove a member and revoke their keys. Raises LastAdministrator."""
    with transaction.atomic():
        _require_other_administrator(membership)
        removal.end_memberships(
            membership.instance,
            [membership.user_id],
            action=audit.Action.MEMBER_REMOVED,
            role=membership.role,
        )


def join(
    instance: Instance, user: User, role: str, *, expires_at: datetime | None = None
) -> Membership:
    """Add a person as a member; an ended membership is renewed. Raises AlreadyMember."""
    with transaction.atomic():
        membership, created = Membership.objects.select_for_update().get_or_create(
            instance=instance, user=user, defaults={"role": role, "expires_at": expires_at}
        )
        if not created:
            if not membership.has_ended:
                raise AlreadyMember(user.username)
            membership.role, membership.rule, membership.expires_at = role, None, expires_at
            membership.save(update_fields=["role", "rule", "expires_at"])
        audit.record(
            audit.Action.MEMBER_ADDED,
            instance=instance,
            target=user,
            role=role,
            until=expires_at,
        )
    return membership


def one_time_password() -> str:
    """A random password that can be read out over the telephone (117 bits)."""
    return "-".join(
        "".join(secrets.choice(PASSWORD_ALPHABET) for _ in range(PASSWORD_GROUP_LENGTH))
        for _ in range(PASSWORD_GROUPS)
    )


def constraint_of(error: IntegrityError) -> str:
    """The name of the violated PostgreSQL constraint; "" if unknown."""
    diagnosis = getattr(error.__cause__, "diag", None)
    return getattr(diagnosis, "constraint_name", None) or ""


def _require_other_administrator(membership: Membership) -> None:
    """Raise LastAdministrator unless another administrator without an end remains.

    Locks the administrators' rows, so that two who remove each other cannot both succeed.
    """
    if membership.role != Membership.Role.ADMIN:
        return
    administrators = (
        Membership.objects.for_instance(membership.instance_id)
        .select_for_update(of=["self"])
        .filter(role=Membership.Role.ADMIN, expires_at=None, user__is_active=True)
        .order_by("pk")
    )
    if not [other for other in administrators if other.pk != membership.pk]:
        raise LastAdministrator(str(membership))
