"""Add, change and remove access rules; find the members who would lose access.

All functions run inside ``tenant(instance)``, or ``administering`` its organisation.
"""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from instances import audit
from instances.models import AccessRule, Membership
from instances.rules.matching import people_admitted, reevaluate_rule, without_a_rule

_RECORDED = ("audience", "organisation_ids", "federation", "affiliations", "scopes", "required")


def would_lose(rule: AccessRule) -> QuerySet[Membership]:
    """Return the memberships that would end if the unsaved ``rule`` were saved."""
    others = AccessRule.objects.for_instance(rule.instance).exclude(pk=rule.pk)
    rules = [*others.select_related("instance"), rule]
    return without_a_rule(rule.instance, rules).select_related("user")


def number_admitted(rule: AccessRule) -> int:
    """Count the people with an identity that the rule admits."""
    return people_admitted(rule).values("user").distinct().count()


def add_rule(rule: AccessRule) -> None:
    """Save a new rule; the people whom it admits join at their next visit."""
    with transaction.atomic():
        rule.save(force_insert=True)
        _record(audit.Action.RULE_ADDED, rule)


def change_rule(rule: AccessRule) -> int:
    """Save a changed rule and re-evaluate its instance; return how many lost access."""
    with transaction.atomic():
        rule.save(force_update=True)
        lost = reevaluate_rule(rule)
        _record(audit.Action.RULE_CHANGED, rule, lost=lost)
    return lost


def remove_rule(rule: AccessRule) -> int:
    """Delete a rule and re-evaluate its instance; return how many lost access."""
    with transaction.atomic():
        rule.is_enabled = False
        rule.save(update_fields=["is_enabled"])
        # Before the row is deleted: a membership without a rule counts as added by a person.
        lost = reevaluate_rule(rule)
        _record(audit.Action.RULE_REMOVED, rule, lost=lost)
        rule.delete()
    return lost


def _record(action: audit.Action, rule: AccessRule, **detail: Any) -> None:
    filters = {name: getattr(rule, name) for name in _RECORDED if getattr(rule, name)}
    audit.record(
        action,
        instance=rule.instance,
        target=rule,
        rule=rule.pk,
        role=rule.role,
        is_enabled=rule.is_enabled,
        **filters,
        **detail,
    )
