"""How a person who was not invited comes into an instance: by its access rules, when they visit."""

from typing import Any

from instances import audit
from instances.access_rules import best_rule, identities_of
from instances.models import AccessRule, Instance, Membership
from instances.tenancy import tenant


def join_by_rule(user: Any, slug: str) -> bool:
    """Make the person a member if an access rule of the instance lets them in; say whether."""
    identities = identities_of(user)
    if not identities:
        return False
    instance = Instance.objects.select_related("organisation").filter(slug=slug).first()
    if instance is None:
        return False
    with tenant(instance):
        rules = AccessRule.objects.for_instance(instance).select_related("instance")
        rule = best_rule(rules, identities)
        if rule is None:
            return False
        membership, created = Membership.objects.get_or_create(
            instance=instance, user=user, defaults={"role": rule.role, "rule": rule}
        )
        if created:
            audit.record(
                audit.Action.MEMBER_JOINED,
                instance=instance,
                target=user.display_name,
                role=membership.role,
                rule=rule.pk,
            )
    return created
