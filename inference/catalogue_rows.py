"""The rows of the catalogue, kept in each process, so that a question costs no query.

A version in the shared cache says when they have changed (``forget``). A process reads the version
every ``_VERSION_IS_READ_EVERY_S`` at most; one that cannot read it queries the rows each time, and
one that missed a change queries them after ``_LONGEST_S``.
"""

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from uuid import uuid4

from django.core.cache import cache
from django.core.exceptions import ImproperlyConfigured

from inference.models import BackendAccess, LanguageModel, ModelRules
from inference.offered_models import Access
from instances.models import Instance
from web.encryption import decrypt

logger = logging.getLogger(__name__)

_VERSION_KEY = "inference:catalogue"
_LONGEST_S = 30.0
# A question reads the rows several times.
_VERSION_IS_READ_EVERY_S = 0.2
_NO_RULES = ModelRules()


@dataclass(frozen=True, slots=True)
class Rules:
    """What an instance and its organisation allow; None: everything."""

    by_organisation: frozenset[str] | None = None
    by_instance: frozenset[str] | None = None
    default: str = ""
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class CatalogueRows:
    """The rows as they were at ``version``: the enabled models, with their backends."""

    version: str
    read_at: float
    models: tuple[LanguageModel, ...]
    # By backend and organisation.
    accesses: Mapping[tuple[int, int | None], Access]
    # By organisation and instance, of which one is None.
    rules: Mapping[tuple[int | None, int | None], ModelRules]

    def access(self, backend_id: int, organisation_id: int) -> Access:
        """Return the organisation's own access to a backend, else that of all."""
        own = self.accesses.get((backend_id, organisation_id))
        return own or self.accesses.get((backend_id, None), Access())

    def queue_turns(self, organisation_id: int) -> int:
        """Return how many turns an organisation has at the site's backends for one of another."""
        return self.rules.get((organisation_id, None), _NO_RULES).queue_turns

    def rules_of(self, instance: Instance) -> Rules:
        """Return what applies to an instance."""
        organisation = self.rules.get((instance.organisation_id, None), _NO_RULES)
        own = self.rules.get((None, instance.pk), _NO_RULES)
        limits = [rules.max_tokens for rules in (organisation, own) if rules.max_tokens]
        return Rules(
            by_organisation=frozenset(organisation.allowed) or None,
            by_instance=frozenset(own.allowed) or None,
            default=organisation.default,
            max_tokens=min(limits, default=None),
        )


_rows: CatalogueRows | None = None
_version_is_known_until = 0.0


def current_rows() -> CatalogueRows:
    """Return the rows; only the first call after a change queries the database."""
    global _rows, _version_is_known_until
    kept, now = _rows, time.monotonic()
    if kept is None or now - kept.read_at > _LONGEST_S:
        kept = None
    elif now < _version_is_known_until:
        return kept
    version = _version()
    if kept is None or not version or kept.version != version:
        # The version was read before the rows: a change meanwhile is seen at the next call.
        kept = _rows = _read(version, now)
    _version_is_known_until = now + _VERSION_IS_READ_EVERY_S if version else 0.0
    return kept


def forget() -> None:
    """Make every process read the rows again; to be called when a change is committed."""
    global _version_is_known_until
    cache.set(_VERSION_KEY, uuid4().hex, timeout=None)
    _version_is_known_until = 0.0


def access_of(row: BackendAccess) -> Access:
    """Return an access with its key in clear; without the key if no SECRET_KEY fits."""
    try:
        key = decrypt(row.encrypted_key) if row.encrypted_key else ""
    except ImproperlyConfigured as error:
        logger.error("the key of backend %s: %s", row.backend_id, error)
        key = ""
    return Access(key, row.request_priority, row.routing_mode)


def _version() -> str:
    """Return the version of the rows, "" while the shared cache does not answer."""
    version: str | None = cache.get(_VERSION_KEY)
    if version is None:
        cache.add(_VERSION_KEY, uuid4().hex, timeout=None)
        version = cache.get(_VERSION_KEY, "")
    return version or ""


def _read(version: str, now: float) -> CatalogueRows:
    rows = LanguageModel.objects.filter(is_enabled=True, backend__is_enabled=True)
    rows = rows.select_related("backend__serving_organisation")
    return CatalogueRows(
        version=version,
        read_at=now,
        models=tuple(rows.order_by("backend__priority", "backend_id", "pk")),
        accesses={
            (row.backend_id, row.organisation_id): access_of(row)
            for row in BackendAccess.objects.all()
        },
        rules={(row.organisation_id, row.instance_id): row for row in ModelRules.objects.all()},
    )
