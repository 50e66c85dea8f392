"""The chain of hashes over the audit log: evidence that entries were changed, removed or reordered.

Who owns the tables can switch off the trigger that keeps entries as they are. So each entry gets a
seal: a number, the SHA-256 of the seal before and of the whole entry, and an HMAC of that with a
key derived from ``SECRET_KEY``, which the database does not hold. A forged chain would need that
key; ``audit_verification`` finds any other change, and ``audit_checkpoints`` what was cut off at
the end. Decision record 014 has the reasons.

Entries are inserted unsealed, and sealed once their transactions have ended: an act waits for no
other act. Which entries lack a seal is looked up, never inferred from the last one, so that a
transaction which commits late loses nothing.

A signature also vouches for every seal before it. Therefore the sealer goes on only from a seal
whose signature it can verify.
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
# Everything that an entry says; a field that comes later must leave the digests of old entries.
SEALED_FIELDS: Final = (
    *("id", "at", "action", "actor_id", "actor_name", "organisation_id", "instance_id", "place"),
    *("target", "target_kind", "target_id", "detail", "address", "correlation_id"),
)
# How long before the last sealing an entry may have been written and commit only now. Older ones
# without a seal are never looked for: that would be a pass through the whole log each time.
LATE: Final = timedelta(days=1)
_LOCK: Final = "instances.audit.seals"
_PURPOSE: Final = "instances.audit.seals"
_BATCH: Final = 1000


class UnverifiableSeal(Exception):
    """The last seal is not signed by any key of this site, so that nothing can follow it."""


@dataclass(frozen=True)
class Checkpoint:
    """The end of the chain at some time; kept outside the database, it shows later truncation."""

    number: int
    digest: str
    sealed_at: datetime


def seal_entries(*, however_old: bool = False) -> int:
    """Seal the committed entries that have no seal; return how many.

    ``however_old`` also looks for entries that are older than the last sealing by more than
    ``LATE``. Raises UnverifiableSeal.
    """
    total = 0
    while (sealed := _seal_batch(however_old)) == _BATCH:
        total += sealed
    return total + sealed


def current_checkpoint() -> Checkpoint | None:
    """The end of the chain now; None before the first seal."""
    last = AuditSeal.objects.last()
    return checkpoint_of(last) if last else None


def checkpoint_of(seal: AuditSeal) -> Checkpoint:
    """The checkpoint that a seal is."""
    return Checkpoint(seal.number, seal.digest, seal.sealed_at)


def unsealed_entries() -> QuerySet[AuditEntry]:
    """Entries without a seal, the oldest first. Run inside ``overseeing()``."""
    seals = AuditSeal.objects.filter(entry_id=OuterRef("pk"))
    return AuditEntry.objects.filter(~Exists(seals)).order_by("at", "pk")


def digest_of(entry: AuditEntry, *, number: int, previous: str) -> str:
    """The digest of the seal ``number`` of ``entry``, which follows the digest ``previous``."""
    said = {name: getattr(entry, name) for name in SEALED_FIELDS}
    # To the microsecond, which DjangoJSONEncoder leaves out.
    said["at"] = entry.at.astimezone(UTC).isoformat()
    text = json.dumps([number, previous, said], sort_keys=True, cls=DjangoJSONEncoder)
    return hashlib.sha256(text.encode()).hexdigest()


def is_signed(seal: AuditSeal) -> bool:
    """Whether the present or a former ``SECRET_KEY`` signed the seal."""
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return any(
        constant_time_compare(seal.signature, _signature(seal.digest, secret)) for secret in secrets
    )


def _seal_batch(however_old: bool) -> int:
    with overseeing():
        with connection.cursor() as cursor:
            # By itself, so that the next statement sees what another sealer has committed.
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [_LOCK])
        last = AuditSeal.objects.last()
        if last is not None:
            _require_signature(last)
        entries = unsealed_entries()
        if last is not None and not however_old:
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
    """Raise UnverifiableSeal unless the chain may go on; note that a new key signs from here on.

    The note is an entry, so that it is sealed at once: then the former key is needed no more.
    """
    if not is_signed(last):
        raise UnverifiableSeal(f"seal {last.number} is signed by no key of this site")
    if not constant_time_compare(last.signature, _signature(last.digest, settings.SECRET_KEY)):
        record(Action.LOG_KEY_CHANGED)


def _signature(digest: str, secret: str) -> str:
    return salted_hmac(_PURPOSE, digest, secret=secret, algorithm="sha256").hexdigest()
