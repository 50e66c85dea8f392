"""What institutions said of people, kept from one login to the next for access rules to judge."""

from collections.abc import Collection, Mapping
from typing import Any

from django.utils import timezone

from instances.models import Identity


def record_identity(
    *,
    user: Any,
    source: str,
    organisation_ids: Collection[int],
    federation: str = "",
    scopes: Collection[str] = (),
    affiliations: Collection[str] = (),
    attributes: Mapping[str, Collection[str]] | None = None,
) -> Identity:
    """Keep what a login proved, in place of what the last login through ``source`` did.

    Only what was verified may come here: scoped values under a scope of the identity provider.
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
    """Forget identities (``user=…``, ``source=…``), and return how many there were.

    What they gave access to ends with ``access_rules.reevaluate_person``.
    """
    return Identity.objects.filter(**which).delete()[0]
