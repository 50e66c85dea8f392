"""Admit people to an instance by its access rules when they visit it."""

from instances import audit
from instances.models import AccessRule, Identity, Instance, Membership
from instances.rules.matching import best_rule, identities_of
from instances.tenancy import tenant
from people.models import User


def join_by_rule(user: User, slug: str) -> bool:
    """Make the person a member if an access rule admits them; return whether one does.

    An ended membership is renewed.
    """
    identities = identities_of(user)
    if not identities:
        return False
    instance = Instance.objects.select_related("organisation").filter(slug=slug).first()
    if instance is None:
        return False
    with tenant(instance):
        rules = AccessRule.objects.for_instance(instance).select_related("instance")
        rule = best_rule(rules, identities)
        return rule is not None and admit(user, instance, rule, identities)


def admit(user: User, instance: Instance, rule: AccessRule, identities: list[Identity]) -> bool:
    """Make the person a member by ``rule``, inside the tenant; False if the rule has changed."""
    # Locked, so that either ``matching.reevaluate_instance`` sees this membership, or this
    # function sees the changed rule.
    rules = AccessRule.objects.for_instance(instance).select_for_update(of=["self"], no_key=True)
    current = rules.select_related("instance").filter(pk=rule.pk).first()
    if current is None or best_rule([current], identities) is None:
        return False
    membership, created = Membership.objects.select_for_update().get_or_create(
        instance=instance, user=user, defaults={"role": current.role, "rule": current}
    )
    if not created:
        if not membership.has_ended:
            return True
        membership.role, membership.rule, membership.expires_at = current.role, current, None
        membership.save(update_fields=["role", "rule", "expires_at"])
    audit.record(
        audit.Action.MEMBER_JOINED,
        instance=instance,
        target=user,
        role=membership.role,
        rule=current.pk,
    )
    return True
