"""Remove people from an instance.

This ends their membership, ownership, keys and open invitations, and the sessions of people who can
no longer log in. ``chat.running`` stops answers that are being generated for them.
"""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction
from django.utils import timezone

from instances import audit
from instances.models import ApiKey, Instance, Invitation, Membership
from people.models import User

_CHUNK = 1000


def end_memberships(
    instance: Instance, user_ids: Sequence[int], *, action: audit.Action, **detail: Any
) -> int:
    """Remove people from an instance; return how many memberships ended.

    Run inside ``tenant(instance)`` or ``administering`` its organisation. A few queries per
    thousand people.
    """
    ended = 0
    with transaction.atomic():
        for start in range(0, len(user_ids), _CHUNK):
            chunk = user_ids[start : start + _CHUNK]
            ended += _end(instance, chunk, action, detail)
    return ended


def revoke_keys(instance: Instance, user_ids: Sequence[int]) -> None:
    """Revoke the keys of people in an instance."""
    ApiKey.objects.for_instance(instance).filter(created_by__in=user_ids, revoked_at=None).update(
        revoked_at=timezone.now()
    )


def revoke_invitations(instance: Instance, user_ids: Sequence[int]) -> None:
    """Revoke the open invitations that people created, so that none readmits them."""
    Invitation.objects.for_instance(instance).filter(
        created_by__in=user_ids, accepted_at=None, revoked_at=None
    ).update(revoked_at=timezone.now())


def _end(
    instance: Instance, user_ids: Sequence[int], action: audit.Action, detail: dict[str, Any]
) -> int:
    people = list(User.objects.filter(pk__in=user_ids).order_by("pk"))
    revoke_keys(instance, user_ids)
    revoke_invitations(instance, user_ids)
    ended, _by_model = Membership.objects.for_instance(instance).filter(user__in=user_ids).delete()
    # A former member cannot own the instance.
    Instance.objects.filter(pk=instance.pk, owner__in=user_ids).update(owner=None)
    _end_sessions(user_ids)
    audit.record_all(action, people, instance=instance, **detail)
    return int(ended)


def _end_sessions(user_ids: Sequence[int]) -> None:
    """End the sessions of people who have neither a password nor an identity left.

    A session is bound to the password hash, even an unusable one: setting a new one ends it.
    """
    people = User.objects.filter(
        pk__in=user_ids,
        is_staff=False,
        identities=None,
        password__startswith=UNUSABLE_PASSWORD_PREFIX,
    )
    locked_out = list(people)
    for person in locked_out:
        person.set_unusable_password()
    User.objects.bulk_update(locked_out, ["password"], batch_size=_CHUNK)
