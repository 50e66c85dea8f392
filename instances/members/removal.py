"""People leave an instance: by an administrator, with a rule or an identity, or in time.

Whichever way it comes, the same ends at once: the membership, the ownership, the keys made by it,
and the sessions of who has no way to log in any more. An answer that is being written to such a
person is stopped where it is written (``chat.answers.live``).
"""

from collections.abc import Sequence
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.db import transaction
from django.utils import timezone

from instances import audit
from instances.models import ApiKey, Instance, Invitation, Membership

_CHUNK = 1000


def end_memberships(
    instance: Instance, user_ids: Sequence[int], *, action: audit.Action, **detail: Any
) -> int:
    """Take people out of an instance; return how many.

    Run inside ``tenant(instance)`` or ``administering`` its organisation. A few queries for each
    thousand of them.
    """
    ended = 0
    with transaction.atomic():
        for start in range(0, len(user_ids), _CHUNK):
            chunk = user_ids[start : start + _CHUNK]
            ended += _end(instance, chunk, action, detail)
    return ended


def revoke_keys(instance: Instance, user_ids: Sequence[int]) -> None:
    """End the keys that people made in an instance."""
    ApiKey.objects.for_instance(instance).filter(created_by__in=user_ids, revoked_at=None).update(
        revoked_at=timezone.now()
    )


def revoke_invitations(instance: Instance, user_ids: Sequence[int]) -> None:
    """End the open invitations that people made: none is their way back."""
    Invitation.objects.for_instance(instance).filter(
        created_by__in=user_ids, accepted_at=None, revoked_at=None
    ).update(revoked_at=timezone.now())


def _end(
    instance: Instance, user_ids: Sequence[int], action: audit.Action, detail: dict[str, Any]
) -> int:
    people = list(get_user_model()._default_manager.filter(pk__in=user_ids).order_by("pk"))
    revoke_keys(instance, user_ids)
    revoke_invitations(instance, user_ids)
    ended, _by_model = Membership.objects.for_instance(instance).filter(user__in=user_ids).delete()
    # Who is not in it any more cannot answer for it, or take it back.
    Instance.objects.filter(pk=instance.pk, owner__in=user_ids).update(owner=None)
    _end_sessions(user_ids)
    audit.record_all(action, people, instance=instance, **detail)
    return int(ended)


def _end_sessions(user_ids: Sequence[int]) -> None:
    """End the sessions of who has neither a password nor an identity left.

    A session is bound to the password's hash, an unusable one too: another one ends it.
    """
    people = get_user_model()._default_manager.filter(
        pk__in=user_ids,
        is_staff=False,
        identities=None,
        password__startswith=UNUSABLE_PASSWORD_PREFIX,
    )
    locked_out = list(people)
    for person in locked_out:
        person.set_unusable_password()
    get_user_model()._default_manager.bulk_update(locked_out, ["password"], batch_size=_CHUNK)
