"""The number of an attempt, and the lock around each of its writes.

Every write first locks the document's row and checks that the attempt is still the current one. So
a task delivered twice, or a worker that was considered dead, changes nothing.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Self
from uuid import UUID, uuid5

from ingestion.models import Document
from instances.tenancy import tenant


class StaleAttempt(Exception):
    """The document was deleted, cancelled or restarted since this attempt began."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A document and the number of the attempt at ingesting it."""

    instance_id: int
    document_id: UUID
    number: int

    @classmethod
    def of(cls, document: Document) -> Self:
        """Return the current attempt at a document."""
        return cls(document.instance_id, document.pk, document.attempt)

    @property
    def request_id(self) -> UUID:
        """Return what its usage record and its trace are known by."""
        return uuid5(self.document_id, str(self.number))


@contextmanager
def locked(attempt: Attempt, expected: Collection[str]) -> Iterator[Document]:
    """Lock the attempt's document in a transaction of its own, as a tenant.

    Raises StaleAttempt unless the attempt is current and the document's status is ``expected``.
    """
    with tenant(attempt.instance_id):
        document = (
            Document.with_attachments.for_instance(attempt.instance_id)
            .select_for_update()
            .filter(pk=attempt.document_id, attempt=attempt.number, status__in=expected)
            .first()
        )
        if document is None:
            raise StaleAttempt
        yield document
