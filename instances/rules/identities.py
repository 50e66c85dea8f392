"""Save and delete identities: the claims of institutions at login, used by access rules."""

from collections.abc import Collection, Mapping
from typing import Any

from django.utils import timezone

from instances.models import Identity
from people.models import User


def record_identity(
    *,
    user: User,
    source: str,
    organisation_ids: Collection[int],
    federation: str = "",
    scopes: Collection[str] = (),
    affiliations: Collection[str] = (),
    attributes: Mapping[str, Collection[str]] | None = None,
) -> Identity:
    """Save the verified claims of a login, replacing those of the last login by ``source``.

    Only verified values: scoped attributes within a scope of the identity provider.
    """
    identity: Identity
    identity, _created = Identity.objects.update_or_create(
        user=user,
        source=source,
        defaults={
            "organisation_ids": sorted(organisation_ids),
            "federation": federation,
            "scopes": sorted(scopes),
            "affiliations": sorted(affiliations),
            "attributes": {name: list(values) for name, values in (attributes or {}).items()},
            "asserted_at": timezone.now(),
        },
    )
    return identity


def forget_identities(**which: Any) -> int:
    """Delete identities (``user=…``, ``source=…``); return how many.

    Access that they granted ends with ``matching.reevaluate_person``.
    """
    return Identity.objects.filter(**which).delete()[0]
