"""Refresh feeds: fetch, verify, compare with the table, save in one transaction.

A login makes no requests: it reads the row of one IdP that this module saved.
"""

import hashlib
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from django.db import transaction
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from accounts.logins.models.identity_providers import IdentityProvider, MetadataFeed
from accounts.logins.withdrawal import withdraw_saml
from accounts.saml.certificates import pem_certificates
from accounts.saml.discovery import fold
from accounts.saml.errors import MetadataRefused
from accounts.saml.metadata.aggregates import IdpRecord, read_idp, read_idps, verify_aggregate
from accounts.saml.xml import MD, parse_message, tag
from instances import audit
from web.enqueueing import enqueue_on_commit

logger = logging.getLogger(__name__)

MAX_FEED_BYTES = 400 << 20
# A feed with fewer than this share of its former IdPs is refused as a mistake or an attack.
MIN_SHARE = 0.8
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_FETCH_SECONDS = 300
_BATCH = 200
_UPDATED = [
    "feed",
    "xml",
    "sha256",
    "names",
    "search_text",
    "scopes",
    "logo_url",
    "registration_authority",
    "error_url",
    "sso_url",
    "slo_url",
    "is_hidden",
    "gone_at",
]


@dataclass(frozen=True)
class Refreshed:
    """The changes that a refresh made in the table."""

    idps: int
    changed: int
    gone: int


def refresh_feed(feed: MetadataFeed) -> Refreshed:
    """Fetch a feed and save it completely or not at all.

    Raises MetadataRefused, after storing the reason in the feed's row; the former data stays valid
    until its validUntil.
    """
    try:
        with TemporaryDirectory() as folder:
            path = Path(folder) / "feed.xml"
            fetch(feed.url, path)
            refreshed = take_over(feed, path)
    except MetadataRefused as error:
        MetadataFeed.objects.filter(pk=feed.pk).update(
            attempted_at=timezone.now(), error=str(error)[:300]
        )
        raise
    return refreshed


def fetch(url: str, path: Path) -> None:
    """Download ``url`` to ``path``, with limits on size and time. Raises MetadataRefused."""
    started, size = timezone.now(), 0
    try:
        with httpx.stream("GET", url, timeout=_TIMEOUT) as response, path.open("wb") as file:
            if response.status_code != httpx.codes.OK:
                raise MetadataRefused(f"the server answered {response.status_code}")
            for block in response.iter_bytes(1 << 20):
                size += len(block)
                if size > MAX_FEED_BYTES:
                    raise MetadataRefused("too large")
                if (timezone.now() - started).total_seconds() > _FETCH_SECONDS:
                    raise MetadataRefused("the server is too slow")
                file.write(block)
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise MetadataRefused(f"cannot be fetched: {type(error).__name__}") from error


def take_over(feed: MetadataFeed, path: Path) -> Refreshed:
    """Verify a downloaded feed and save it to the table. Raises MetadataRefused."""
    canonical = path.with_suffix(".canonical")
    valid_until = verify_aggregate(path, canonical, pem_certificates(feed.certificates))
    if feed.valid_until and valid_until < feed.valid_until:
        raise MetadataRefused("older than the copy we have")
    with transaction.atomic():
        locked = MetadataFeed.objects.select_for_update().get(pk=feed.pk)
        refreshed = _write(locked, canonical)
        locked.valid_until = valid_until
        locked.refreshed_at = locked.attempted_at = timezone.now()
        locked.error = ""
        locked.save()
    feed.refresh_from_db()
    return refreshed


def add_feed(*, name: str, url: str, certificates: str, priority: int) -> MetadataFeed:
    """Add a federation's feed, or change the one with this URL; ``certificates`` are PEM."""
    with transaction.atomic():
        feed, _created = MetadataFeed.objects.update_or_create(
            url=url, defaults={"name": name, "certificates": certificates, "priority": priority}
        )
        audit.record(audit.Action.LOGIN_SOURCE_CHANGED, target=feed, url=url, priority=priority)
    return feed


def list_feeds() -> QuerySet[MetadataFeed]:
    """Return the feeds by precedence, each with ``n_providers``, the IdPs that it contains."""
    present = Count("providers", filter=Q(providers__gone_at=None))
    return MetadataFeed.objects.annotate(n_providers=present).order_by("priority", "name")


def request_refresh(feed: MetadataFeed) -> None:
    """Have a worker fetch the feed, which may take minutes; its row then holds the result."""
    enqueue_on_commit("accounts.tasks.refresh_one_feed", feed.pk)


def add_single_idp(xml: bytes) -> IdentityProvider:
    """Add or replace an IdP from metadata that an operator provides. Raises SamlError."""
    root = parse_message(xml)
    if root.tag != tag(MD, "EntityDescriptor"):
        raise MetadataRefused("not the metadata of one entity")
    record = read_idp(root)
    if not record.sso_url or not record.entity_id:
        raise MetadataRefused("no login by HTTP-Redirect")
    row = _row(None, record)
    if IdentityProvider.objects.filter(entity_id=row.entity_id).exclude(feed=None).exists():
        raise MetadataRefused("a feed already provides this entity")
    with transaction.atomic():
        _upsert([row])
        audit.record(audit.Action.LOGIN_SOURCE_CHANGED, target=row, entity_id=row.entity_id)
    return IdentityProvider.objects.get(entity_id=row.entity_id)


def _write(feed: MetadataFeed, path: Path) -> Refreshed:
    known = dict(
        IdentityProvider.objects.filter(feed=feed, gone_at=None).values_list("entity_id", "sha256")
    )
    others = set(
        IdentityProvider.objects.exclude(feed=feed)
        .filter(gone_at=None)
        .exclude(feed__priority__gt=feed.priority)
        .values_list("entity_id", flat=True)
    )
    seen: set[str] = set()
    changed = 0
    rows = _rows(feed, path, others, seen)
    while batch := list(islice(rows, _BATCH)):
        news = [row for row in batch if known.get(row.entity_id) != row.sha256]
        changed += len(news)
        _upsert(news)
    if len(seen) < MIN_SHARE * len(known):
        raise MetadataRefused(f"{len(seen)} identity providers where there were {len(known)}")
    gone = set(known) - seen
    _mark_gone(gone, timezone.now())
    return Refreshed(idps=len(seen), changed=changed, gone=len(gone))


def _rows(
    feed: MetadataFeed, path: Path, others: set[str], seen: set[str]
) -> Iterator[IdentityProvider]:
    for record in read_idps(path):
        if record.entity_id not in others:
            seen.add(record.entity_id)
            yield _row(feed, record)


def _row(feed: MetadataFeed | None, record: IdpRecord) -> IdentityProvider:
    words = [*record.names.values(), record.keywords, *record.scopes, record.entity_id]
    return IdentityProvider(
        feed=feed,
        entity_id=record.entity_id,
        xml=record.xml,
        sha256=hashlib.sha256(record.xml.encode()).hexdigest(),
        names=record.names,
        search_text=fold(" ".join(words)),
        scopes=list(record.scopes),
        logo_url=record.logo_url,
        registration_authority=record.registration_authority,
        error_url=record.error_url,
        sso_url=record.sso_url,
        slo_url=record.slo_url,
        is_hidden=record.hidden,
    )


def _upsert(rows: list[IdentityProvider]) -> None:
    IdentityProvider.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["entity_id"], update_fields=_UPDATED
    )


def _mark_gone(entity_ids: set[str], now: datetime) -> None:
    gone = IdentityProvider.objects.filter(entity_id__in=entity_ids)
    gone.update(gone_at=now)
    for provider in gone:
        withdraw_saml(provider)
