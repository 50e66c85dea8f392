"""API keys: made once, shown once, kept as a digest.

A key is 256 random bits, so one SHA-256 protects it as well as a slow hash would. It is a person's
in an instance, and lets in whom the person's membership does; without a person, an operator's
command made it.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from instances import audit
from instances.access import IN_AN_OPEN_INSTANCE
from instances.charters import is_pending
from instances.errors import KeyLimit
from instances.models import ApiKey, Instance, Membership
from instances.quotas import lock_totals
from instances.tenancy import as_key, tenant

SHOWN_PREFIX = 12
USE_IS_RECORDED_EVERY = timedelta(minutes=10)
LONGEST_LIFE = timedelta(days=365)
_USUAL_LIFE = timedelta(days=90)


def create_api_key(
    *,
    instance: Instance,
    name: str,
    scope: str,
    created_by: Any | None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Create a key and return it with its plaintext, which is kept nowhere.

    A person's key ends after 90 days, or when they say, within a year (else ValueError). Raises
    KeyLimit where the person, or the instance, has as many valid keys as it may.
    """
    now = timezone.now()
    if created_by is not None:
        expires_at = expires_at or now + _USUAL_LIFE
        if expires_at > now + LONGEST_LIFE:
            raise ValueError("a person's key lasts a year at most")
    plaintext = "rag_" + secrets.token_urlsafe(32)
    with tenant(instance):
        _check_number(instance, created_by)
        key = ApiKey.objects.create(
            instance=instance,
            name=name,
            prefix=plaintext[:SHOWN_PREFIX],
            digest=_digest(plaintext),
            scope=scope,
            created_by=created_by,
            expires_at=expires_at,
        )
        audit.record(
            audit.Action.KEY_CREATED,
            instance=instance,
            target=audit.Target.of(key, f"{name} ({key.prefix}…)"),
            scope=scope,
            until=expires_at,
        )
    return key, plaintext


def authenticate(plaintext: str) -> ApiKey | None:
    """Return the valid key with its instance loaded, or None.

    None for an unknown, revoked or expired key, and for one whose person has no access any more.
    ``holder_role`` is the person's role (None for a key without a person), ``charter_is_pending``
    whether they have yet to accept a charter. One query, and two more every ten minutes.
    """
    digest = _digest(plaintext)
    with as_key(digest):
        key = _usable().filter(digest=digest).first()
    if key is not None:
        _record_use(key)
    return key


def is_usable(key: ApiKey) -> bool:
    """Whether the key would still let in, its instance being open."""
    with as_key(key.digest):
        return _usable().filter(IN_AN_OPEN_INSTANCE, digest=key.digest).exists()


def revoke(key: ApiKey) -> None:
    """End the key at once; its row stays, to tell what it was."""
    with transaction.atomic():
        still_valid = ApiKey.objects.for_instance(key.instance_id).filter(
            pk=key.pk, revoked_at=None
        )
        if still_valid.update(revoked_at=timezone.now()):
            audit.record(
                audit.Action.KEY_REVOKED,
                instance=key.instance,
                target=audit.Target.of(key, f"{key.name} ({key.prefix}…)"),
            )


def _check_number(instance: Instance, person: Any | None) -> None:
    """Raise KeyLimit unless there may be one more key; until the transaction ends nobody else adds
    one."""
    lock_totals(instance.pk)
    now = timezone.now()
    valid = ApiKey.objects.for_instance(instance).filter(
        Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None
    )
    if person is not None:
        limit = settings.API_KEYS_PER_PERSON
        if valid.filter(created_by=person).count() >= limit:
            raise KeyLimit(limit, of_person=True)
    limit = settings.API_KEYS_PER_INSTANCE
    if valid.count() >= limit:
        raise KeyLimit(limit, of_person=False)


def _usable() -> QuerySet[ApiKey]:
    """Keys that let in, as far as their own time and their person's access go."""
    membership = Membership.objects.current().filter(
        instance=OuterRef("instance"), user=OuterRef("created_by"), user__is_active=True
    )
    now = timezone.now()
    return (
        ApiKey.objects.select_related("instance__organisation", "created_by")
        .annotate(
            holder_role=Subquery(membership.values("role")[:1]),
            charter_is_pending=is_pending(OuterRef(OuterRef("created_by"))),
        )
        .filter(
            Q(expires_at=None) | Q(expires_at__gt=now),
            Q(created_by=None) | Q(holder_role__isnull=False),
            revoked_at=None,
        )
    )


def _record_use(key: ApiKey) -> None:
    now = timezone.now()
    if key.last_used_at is None or now - key.last_used_at > USE_IS_RECORDED_EVERY:
        with tenant(key.instance_id):
            ApiKey.objects.for_instance(key.instance_id).filter(pk=key.pk).update(last_used_at=now)
            Instance.objects.filter(pk=key.instance_id).update(
                last_used_at=now, disuse_noticed_at=None
            )


def _digest(plaintext: str) -> str:
    return hashlib.sha256(plaintext.encode()).hexdigest()
