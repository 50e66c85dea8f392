"""The chain of hashes over the audit log: evidence that entries were changed, removed or reordered.

The owner of the tables can disable the trigger that rejects changes of entries. So each entry gets
a seal: a number, the SHA-256 of the previous seal and of the complete entry, and an HMAC of this
digest with a key derived from ``SECRET_KEY``, which is not in the database. Without that key the
chain cannot be forged. ``audit.verification`` detects all other changes, and ``audit.checkpoints``
a truncated end. Reasons: docs/decisions/014-audit-seals.md.

Entries are inserted without a seal and are sealed after their transactions have ended, so that
concurrent actions do not wait for one another. Entries without a seal are found by a query, not by
comparison with the last one, so that transactions which commit late are included.

A signature covers all seals before it. So new seals are added only after one whose signature can be
verified.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from instances.audit import Action, record
from instances.models import AuditEntry, AuditSeal
from instances.tenancy import overseeing

# The digest before the first seal.
GENESIS: Final = "0" * 64
# All fields of an entry. A field added later must not change the digests of old entries.
SEALED_FIELDS: Final = (
    *("id", "at", "action", "actor_id", "actor_name", "organisation_id", "instance_id", "place"),
    *("target", "target_kind", "target_id", "detail", "address", "correlation_id"),
)
# How long before the last sealing an unsealed entry may have been written, in a transaction that
# commits late. Older entries are not searched, as that would scan the whole log each time.
LATE: Final = timedelta(days=1)
_LOCK: Final = "instances.audit.seals"
_PURPOSE: Final = "instances.audit.seals"
_BATCH: Final = 1000


class UnverifiableSeal(Exception):
    """The last seal is not signed by a key of this site, so no seal can be added."""


@dataclass(frozen=True)
class Checkpoint:
    """The end of the chain at some time. Stored elsewhere, it reveals a later truncation."""

    number: int
    digest: str
    sealed_at: datetime


def seal_entries(*, any_age: bool = False) -> int:
    """Seal the committed entries without a seal; return how many. Raises UnverifiableSeal.

    With ``any_age``, also entries written more than ``LATE`` before the last sealing.
    """
    total = 0
    while (sealed := _seal_batch(any_age)) == _BATCH:
        total += sealed
    return total + sealed


def current_checkpoint() -> Checkpoint | None:
    """Return the present end of the chain, None before the first seal."""
    last = AuditSeal.objects.last()
    return checkpoint_of(last) if last else None


def checkpoint_of(seal: AuditSeal) -> Checkpoint:
    """Return the checkpoint of a seal."""
    return Checkpoint(seal.number, seal.digest, seal.sealed_at)


def unsealed_entries() -> QuerySet[AuditEntry]:
    """Return the entries without a seal, oldest first. Run inside ``overseeing()``."""
    seals = AuditSeal.objects.filter(entry_id=OuterRef("pk"))
    return AuditEntry.objects.filter(~Exists(seals)).order_by("at", "pk")


def digest_of(entry: AuditEntry, *, number: int, previous: str) -> str:
    """Return the digest of the seal of ``entry`` after the digest ``previous``."""
    fields = {name: getattr(entry, name) for name in SEALED_FIELDS}
    # With microseconds, which DjangoJSONEncoder drops.
    fields["at"] = entry.at.astimezone(UTC).isoformat()
    text = json.dumps([number, previous, fields], sort_keys=True, cls=DjangoJSONEncoder)
    return hashlib.sha256(text.encode()).hexdigest()


def is_signed(seal: AuditSeal) -> bool:
    """Whether the present or a former ``SECRET_KEY`` signed the seal."""
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(
        constant_time_compare(seal.signature, _signature(seal.digest, secret)) for secret in secrets
    )


def _seal_batch(any_age: bool) -> int:
    with overseeing():
        with connection.cursor() as cursor:
            # A statement of its own, so that the next one sees what another process has sealed.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [_LOCK])
        last = AuditSeal.objects.last()
        if last is not None:
            _require_signature(last)
        entries = unsealed_entries()
        if last is not None and not any_age:
            entries = entries.filter(at__gte=last.sealed_at - LATE)
        seals = _seals(list(entries[:_BATCH]), after=last)
        AuditSeal.objects.bulk_create(seals)
    return len(seals)


def _seals(entries: list[AuditEntry], *, after: AuditSeal | None) -> list[AuditSeal]:
    number, digest = (after.number, after.digest) if after else (0, GENESIS)
    now = timezone.now()
    seals = []
    for entry in entries:
        number += 1
        digest = digest_of(entry, number=number, previous=digest)
        signature = _signature(digest, settings.SECRET_KEY)
        seals.append(
            AuditSeal(
                number=number,
                entry_id=entry.pk,
                sealed_at=now,
                digest=digest,
                signature=signature,
            )
        )
    return seals


def _require_signature(last: AuditSeal) -> None:
    """Raise UnverifiableSeal unless the last seal is signed by a key of this site.

    If it is signed by a former key, record the change of keys. That entry is sealed at once with
    the new key, so that the former one is no longer needed.
    """
    if not is_signed(last):
        raise UnverifiableSeal(f"seal {last.number} is signed by no key of this site")
    if not constant_time_compare(last.signature, _signature(last.digest, settings.SECRET_KEY)):
        record(Action.LOG_KEY_CHANGED)


def _signature(digest: str, secret: str) -> str:
    return salted_hmac(_PURPOSE, digest, secret=secret, algorithm="sha256").hexdigest()
