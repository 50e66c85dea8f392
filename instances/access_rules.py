"""Access rules: who may enter an instance without having been invited.

A person fits a rule when one identity of theirs is in its audience and passes each of its filters;
the filters of a rule are judged on one identity, never on two together.
"""

from collections.abc import Iterable
from typing import Any

from django.db.models import Q, QuerySet

from instances.models import AccessRule, Identity, Role

_RANK = {role: rank for rank, role in enumerate(Role.values)}


def fits(rule: AccessRule, identity: Identity) -> bool:
    """Whether the rule lets this identity in."""
    return (
        rule.is_enabled
        and _is_in_audience(rule, identity)
        and (not rule.affiliations or bool(set(rule.affiliations) & set(identity.affiliations)))
        and (not rule.scopes or bool(set(rule.scopes) & set(identity.scopes)))
        and all(
            set(values) & set(identity.attributes.get(name, ()))
            for name, values in rule.required.items()
        )
    )


def best_rule(rules: Iterable[AccessRule], identities: list[Identity]) -> AccessRule | None:
    """The rule that gives most to a person with these identities, or None."""
    fitting = [rule for rule in rules if any(fits(rule, identity) for identity in identities)]
    return max(fitting, key=lambda rule: (_RANK[rule.role], -rule.pk), default=None)


def candidate_rules(identities: list[Identity]) -> QuerySet[AccessRule]:
    """The enabled rules whose audience may hold a person; run inside ``as_user``."""
    organisation_ids = {pk for identity in identities for pk in identity.organisation_ids}
    federations = {identity.federation for identity in identities if identity.federation}
    audience = Q(
        audience=AccessRule.Audience.ORGANISATION,
        instance__organisation__in=organisation_ids,
    ) | Q(
        audience=AccessRule.Audience.ORGANISATIONS,
        organisation_ids__overlap=sorted(organisation_ids),
    )
    if federations:
        audience |= Q(audience=AccessRule.Audience.FEDERATION, federation__in=federations)
        audience |= Q(audience=AccessRule.Audience.EDUGAIN)
    return AccessRule.objects.filter(audience, is_enabled=True).select_related(
        "instance__organisation"
    )


def identities_of(user: Any) -> list[Identity]:
    """What institutions said of a person."""
    return list(Identity.objects.filter(user=user))


def _is_in_audience(rule: AccessRule, identity: Identity) -> bool:
    audiences = AccessRule.Audience
    if rule.audience == audiences.ORGANISATION:
        return rule.instance.organisation_id in identity.organisation_ids
    if rule.audience == audiences.ORGANISATIONS:
        return bool(set(rule.organisation_ids) & set(identity.organisation_ids))
    if rule.audience == audiences.FEDERATION:
        return bool(rule.federation) and rule.federation == identity.federation
    return bool(identity.federation)
