"""Server-sent events that keep the list of documents up to date.

The stream polls a cheap fingerprint and holds no database connection between two polls. Each event
contains the identifiers of the documents on the page, the counts, and the rows that have changed
since the last event.
"""

import asyncio
import time
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.dateparse import parse_datetime

from ingestion.documents import queries
from ingestion.documents.queries import DocumentFilter, Listing, Pulse
from ingestion.models import Document
from instances.access.gates import may_still_enter
from instances.models import Membership, Role
from instances.tenancy import in_database, in_tenant
from web.server_sent_events import ServerSentEvent

BUSY_POLL_S = 1.0
IDLE_POLL_S = 5.0
RIGHTS_CHECKED_EVERY_S = 5.0
# The stream then ends, and the browser reconnects.
STREAM_LIFETIME_S = 300.0
# Rows may be committed in another order than that of their timestamps: after a reconnection, rows
# changed in this time before the last event are sent again.
_OVERLAP = timedelta(seconds=10)


@dataclass(frozen=True)
class _Poll:
    pulse: Pulse
    listing: Listing | None


async def document_events(
    membership: Membership,
    chosen: DocumentFilter,
    *,
    since: str,
    language: str,
) -> AsyncGenerator[ServerSentEvent, None]:
    """Yield ``listing`` events until the stream's lifetime is over or the access ends.

    ``since`` is the id of the last event that the browser received, or that of its page. Rows that
    have not changed since then are not sent.
    """
    instance = membership.instance
    sent = _Sent(membership, language, since)
    pulse: Pulse | None = None
    started = checked = time.monotonic()
    while (now := time.monotonic()) - started < STREAM_LIFETIME_S:
        if now - checked >= RIGHTS_CHECKED_EVERY_S:
            checked = now
            if not await in_database(
                may_still_enter, membership.user_id, instance, role=Role.MEMBER
            ):
                return
        polled = await in_tenant(instance, _poll, membership, chosen, pulse)
        pulse = polled.pulse
        if polled.listing:
            yield await asyncio.to_thread(sent.event, polled.listing, pulse)
        await asyncio.sleep(BUSY_POLL_S if pulse.running else IDLE_POLL_S)


def stamp(moment: datetime | None) -> str:
    """Return the event id for a time of the last change."""
    return moment.isoformat() if moment else ""


def _poll(membership: Membership, chosen: DocumentFilter, before: Pulse | None) -> _Poll:
    """Read the fingerprint, and the list if it changed; inside ``tenant(instance)``."""
    pulse = queries.pulse(membership.instance)
    if pulse == before:
        return _Poll(pulse, None)
    return _Poll(pulse, queries.list_documents(membership.instance, chosen))


class _Sent:
    """What one browser already shows: the version of each document."""

    def __init__(self, membership: Membership, language: str, since: str) -> None:
        self._membership = membership
        self._language = language
        moment = parse_datetime(since) if since else None
        self._known_until = moment - _OVERLAP if moment and moment.tzinfo else None
        self._versions: dict[Any, datetime] = {}

    def event(self, listing: Listing, pulse: Pulse) -> ServerSentEvent:
        """Return the event that brings the browser up to date."""
        with translation.override(self._language):
            rows = {
                str(document.pk): self._row(document)
                for document in listing.documents
                if self._has_changed(document)
            }
        self._versions = {document.pk: document.updated_at for document in listing.documents}
        data = {
            "ids": [str(document.pk) for document in listing.documents],
            "rows": rows,
            "page_count": listing.page_count,
            "counts": {state: listing.counts.of(state) for state in ("", *queries.STATES)},
        }
        return ServerSentEvent(data, "listing", id=stamp(pulse.latest))

    def _has_changed(self, document: Document) -> bool:
        known = self._versions.get(document.pk)
        if known is not None:
            return known != document.updated_at
        return self._known_until is None or document.updated_at > self._known_until

    def _row(self, document: Document) -> str:
        context = {
            "document": document,
            "membership": self._membership,
            "instance": self._membership.instance,
        }
        return render_to_string("ingestion/includes/row.html", context)
