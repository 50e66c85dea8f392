"""Choose the next document to parse or embed; instances take turns.

A message in the broker names no document. The worker that receives it queries PostgreSQL across
all instances (``instances.across_instances``) for the next document, in this order:

1. the instance with the fewest documents under way in this stage;
2. the instance with the least work in the last ten minutes (bytes parsed, passages embedded);
3. of that instance, the document that people have put first, then the one that has waited longest.

With more than one worker, neither one instance nor large files occupy all of them. Reasons and
measurements: docs/decisions/016-fair-turns.md.
"""

from contextlib import suppress
from dataclasses import dataclass

from django.conf import settings
from django.db import connection, transaction

from ingestion.attempts import transitions
from ingestion.attempts.locking import Attempt, StaleAttempt
from ingestion.models import Document
from instances.across_instances import call_function

# Parsing time is not proportional to size, but a file smaller than this never takes long.
LARGE_BYTES = 4 << 20
_Status = Document.Status


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage in which instances take turns; ``function`` is a function of PostgreSQL."""

    name: str
    function: str
    waits_as: tuple[str, ...]
    # Lock of transactions that choose a document; two at a time would choose the same instance.
    lock: int
    slots_setting: str

    @property
    def slots(self) -> int:
        """Maximum number of documents under way in this stage, in the whole deployment."""
        return int(getattr(settings, self.slots_setting))


PARSE = Stage(
    name="parse",
    function="document_to_parse",
    waits_as=(_Status.QUEUED, _Status.PARSING),
    lock=0x7061_7273,
    slots_setting="PARSE_SLOTS",
)
EMBED = Stage(
    name="embed",
    function="document_to_embed",
    waits_as=(_Status.EMBEDDING,),
    lock=0x656D_6264,
    slots_setting="EMBED_SLOTS",
)


def claim_next(stage: Stage) -> Attempt | None:
    """Claim the next document and return its attempt; None if no document may be claimed.

    The document counts as under way until it is released or finished, or its worker is considered
    dead (``ingestion.recovery.reconciliation``).
    """
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [stage.lock])
        while (attempt := next_in_turn(stage)) is not None:
            # The document was cancelled or deleted meanwhile: claim the next one.
            with suppress(StaleAttempt):
                transitions.claim(attempt, stage.waits_as)
                return attempt
    return None


def next_in_turn(stage: Stage) -> Attempt | None:
    """Return the attempt at the next document.

    Returns None if no document waits, or if only instances at their limit have waiting documents.
    """
    for instance_id, document_id, number in call_function(stage.function, stage.slots, LARGE_BYTES):
        return Attempt(instance_id, document_id, number)
    return None
