"""API keys: made once, shown once, kept as a digest.

A key is 256 random bits, so one SHA-256 protects it as well as a slow hash would.
"""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from instances.models import ApiKey, Instance
from instances.tenancy import as_key, tenant

SHOWN_PREFIX = 12
USE_IS_RECORDED_EVERY = timedelta(minutes=10)


def create_api_key(
    *,
    instance: Instance,
    name: str,
    scope: str,
    created_by: Any | None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Create a key and return it with its plaintext, which is kept nowhere."""
    plaintext = "rag_" + secrets.token_urlsafe(32)
    with tenant(instance):
        key = ApiKey.objects.create(
            instance=instance,
            name=name,
            prefix=plaintext[:SHOWN_PREFIX],
            digest=_digest(plaintext),
            scope=scope,
            created_by=created_by,
            expires_at=expires_at,
        )
    return key, plaintext


def authenticate(plaintext: str) -> ApiKey | None:
    """Return the valid key with its instance loaded, or None: unknown, revoked or expired alike."""
    digest = _digest(plaintext)
    now = timezone.now()
    valid = Q(revoked_at=None) & (Q(expires_at=None) | Q(expires_at__gt=now))
    keys = ApiKey.objects.select_related("instance__organisation", "created_by")
    with as_key(digest):
        key = keys.filter(valid, digest=digest).first()
    if key is not None:
        _record_use(key, now)
    return key


def revoke(key: ApiKey) -> None:
    """End the key at once; its row stays, to tell what it was."""
    with tenant(key.instance_id):
        ApiKey.objects.for_instance(key.instance_id).filter(pk=key.pk, revoked_at=None).update(
            revoked_at=timezone.now()
        )


def _record_use(key: ApiKey, now: datetime) -> None:
    if key.last_used_at is None or now - key.last_used_at > USE_IS_RECORDED_EVERY:
        with tenant(key.instance_id):
            ApiKey.objects.for_instance(key.instance_id).filter(pk=key.pk).update(last_used_at=now)


def _digest(plaintext: str) -> str:
    return hashlib.sha256(plaintext.encode()).hexdigest()
