"""Verify the chain of seals over the audit log, entry by entry (``./manage audit verify``)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from instances.audit.checkpoints import CheckpointContradicted, require_contained
from instances.audit.seals import (
    GENESIS,
    LATE,
    Checkpoint,
    checkpoint_of,
    digest_of,
    is_signed,
    unsealed_entries,
)
from instances.models import AuditEntry, AuditSeal
from instances.tenancy import overseeing

_BATCH: Final = 1000
# The first problem is the one to examine; more than these give no further information.
MAX_PROBLEMS: Final = 20


@dataclass(frozen=True)
class Verification:
    """The result of a verification.

    ``problems`` are the first ``MAX_PROBLEMS`` in the order of the chain; ``waiting`` is the number
    of entries that the next sealing will seal.
    """

    end: Checkpoint | None
    waiting: int
    problems: tuple[str, ...]


def verify(checkpoint: Checkpoint | None) -> Verification:
    """Recompute every seal, and compare the chain with a checkpoint stored elsewhere.

    Memory use does not depend on the length of the log.
    """
    problems: list[str] = []
    last: AuditSeal | None = None
    signed = 0
    for seal, entry in _sealed_entries():
        problems += _problems(seal, entry, last)[: MAX_PROBLEMS - len(problems)]
        last = seal
        if is_signed(seal):
            signed = seal.number
    if last is not None and signed < last.number:
        problems.append(
            f"seals {signed + 1} to {last.number} are signed by no key of this site: the chain was"
            " rewritten, or a former SECRET_KEY is missing in SECRET_KEY_FALLBACKS"
        )
    if checkpoint is not None:
        try:
            require_contained(checkpoint)
        except CheckpointContradicted as error:
            problems.append(str(error))
    waiting, unsealed = _count_unsealed(last)
    if unsealed:
        problems.append(
            f"{unsealed} entries were never sealed though dated before the last sealing: they were"
            " put in later, their seals were removed, or a clock was wrong"
        )
    return Verification(checkpoint_of(last) if last else None, waiting, tuple(problems))


def _sealed_entries() -> Iterator[tuple[AuditSeal, AuditEntry | None]]:
    """Yield each seal with its entry, in the order of the chain; one transaction per batch."""
    after = None
    while True:
        with overseeing():
            following = AuditSeal.objects.order_by("number")
            if after is not None:
                following = following.filter(number__gt=after)
            seals = list(following[:_BATCH])
            entries = AuditEntry.objects.in_bulk([seal.entry_id for seal in seals])
        for seal in seals:
            yield seal, entries.get(seal.entry_id)
        if len(seals) < _BATCH:
            return
        after = seals[-1].number


def _problems(seal: AuditSeal, entry: AuditEntry | None, last: AuditSeal | None) -> list[str]:
    number, previous = (last.number, last.digest) if last else (0, GENESIS)
    follows = seal.number == number + 1
    problems = [] if follows else [f"seals {number + 1} to {seal.number - 1} are missing"]
    if entry is None:
        problems.append(f"entry {seal.number} ({seal.entry_id}) is missing")
    # Without the previous seal, the digest cannot be recomputed.
    elif follows and digest_of(entry, number=seal.number, previous=previous) != seal.digest:
        problems.append(
            f"entry {seal.number} ({seal.entry_id}) is not what was sealed, or does not follow the"
            " one before"
        )
    return problems


def _count_unsealed(last: AuditSeal | None) -> tuple[int, int]:
    """Count the entries that the next sealing will seal, and those that it will not find."""
    with overseeing():
        unsealed = unsealed_entries()
        if last is None:
            return unsealed.count(), 0
        latest = last.sealed_at - LATE
        return unsealed.filter(at__gte=latest).count(), unsealed.filter(at__lt=latest).count()
