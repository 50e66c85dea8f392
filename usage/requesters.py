"""Who asked, and who pays, as they are at the time of a request (decisions 025 and 037)."""

from collections.abc import Collection
from typing import Any

from django.db.models import BigIntegerField, Exists, QuerySet, Subquery

from instances.models import ApiKey, Identity, Instance, Organisation
from people.models import User
from usage.occupations import affiliation_of, trade_of
from web.postgresql.prepared import Parameter, PreparedQuery


def requester_columns(
    instance_id: int, *, user_id: int | None, api_key_id: int | None
) -> dict[str, Any]:
    """Return the columns of ``UsageRecord`` about the requester; runs inside ``tenant(instance)``.

    Those of a deleted person, key or instance are left out.
    """
    # No row has the key 0.
    found = _REQUESTER.rows(instance_id=instance_id, user_id=user_id or 0, key_id=api_key_id or 0)
    columns: dict[str, Any] = {"instance_id": instance_id}
    if not found:
        return columns
    ((organisation_id, cost_centre, default, *person),) = found
    pseudonym, has_key, affiliations, attributes, organisation_ids = person
    charged_id, charged_centre = charged_account(organisation_id, organisation_ids or [])
    return columns | {
        "organisation_id": organisation_id,
        "cost_centre": cost_centre or default,
        "charged_organisation_id": charged_id,
        "charged_cost_centre": charged_centre,
        "user_id": user_id if pseudonym else None,
        "pseudonym": pseudonym,
        "affiliation": affiliation_of(affiliations or []),
        "trade": trade_of(attributes or {}),
        "api_key_id": api_key_id if has_key else None,
    }


def charged_account(
    organisation_id: int, organisation_ids: Collection[int]
) -> tuple[int | None, str]:
    """Return the organisation that pays for inference, and its cost centre.

    None: that of the instance pays itself. ``organisation_ids`` are those of the person at the last
    login. Of several, without that of the instance, the one that joined the site first pays;
    disabled ones do not.
    """
    if not organisation_ids or organisation_id in organisation_ids:
        return None, ""
    payers = Organisation.objects.filter(pk__in=organisation_ids, is_enabled=True).order_by("pk")
    return payers.values_list("pk", "cost_centre").first() or (None, "")


def _requester_columns(
    instance_id: Parameter, user_id: Parameter, key_id: Parameter
) -> QuerySet[Instance, tuple[Any, ...]]:
    person = User.objects.filter(pk=user_id)
    key = ApiKey.objects.filter(pk=key_id)
    # Of the last login: other institutions may have released something else before.
    identity = Identity.objects.filter(user=user_id).order_by("-asserted_at")[:1]
    return (
        Instance.objects.filter(pk=instance_id)
        .annotate(
            pseudonym=Subquery(person.values("pseudonym")),
            has_key=Exists(key),
            affiliations=Subquery(identity.values("affiliations")),
            attributes=Subquery(identity.values("attributes")),
            organisation_ids=Subquery(identity.values("organisation_ids")),
        )
        .values_list(
            *("organisation_id", "cost_centre", "organisation__cost_centre", "pseudonym"),
            *("has_key", "affiliations", "attributes", "organisation_ids"),
        )
        .order_by()
    )


_REQUESTER = PreparedQuery(
    _requester_columns,
    instance_id=BigIntegerField(),
    user_id=BigIntegerField(),
    key_id=BigIntegerField(),
)
