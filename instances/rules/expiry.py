"""End memberships past their end, and delete old identities."""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from instances.across_instances import call_function
from instances.audit import Action
from instances.members import removal
from instances.models import AccessRule, Identity, Instance, Membership
from instances.rules.identities import forget_identities
from instances.rules.joining import admit
from instances.rules.matching import best_rule, identities_of, reevaluate_person
from instances.tenancy import tenant
from people.models import User


def instances_with_ended_memberships() -> QuerySet[Instance]:
    """The instances with memberships past their end, in one query."""
    numbers = [pk for (pk,) in call_function("instances_with_ended_memberships")]
    return Instance.objects.filter(pk__in=numbers).select_related("organisation").order_by("pk")


def end_memberships(instance: Instance) -> int:
    """End the memberships of an instance that are past their end; return how many.

    People whom an access rule admits remain members by that rule.
    """
    with tenant(instance):
        # Locked, so that a concurrent extension is respected.
        ended = (
            Membership.objects.for_instance(instance)
            .select_for_update()
            .filter(expires_at__lte=timezone.now())
        )
        user_ids = list(ended.values_list("user_id", flat=True))
        rules = list(
            AccessRule.objects.for_instance(instance)
            .filter(is_enabled=True)
            .select_related("instance")
        )
        people = User.objects.filter(pk__in=user_ids) if rules else ()
        staying = {person.pk for person in people if _renew(person, instance, rules)}
        lost = [pk for pk in user_ids if pk not in staying]
        return removal.end_memberships(instance, lost, action=Action.MEMBER_LOST, reason="time")


def forget_old_identities(now: datetime) -> int:
    """Delete identities older than ``IDENTITY_DAYS`` and end the access that they granted.

    Returns the number of identities. A person who has left an institution no longer logs in there,
    so the change is not asserted by any login. The next login there restores the access.
    """
    old = {"asserted_at__lt": now - timedelta(days=settings.IDENTITY_DAYS)}
    concerned = Identity.objects.filter(**old).values("user")
    forgotten = 0
    for person in User.objects.filter(pk__in=concerned).order_by("pk"):
        with transaction.atomic():
            forgotten += forget_identities(user=person, **old)
            reevaluate_person(person)
    return forgotten


def _renew(person: User, instance: Instance, rules: list[AccessRule]) -> bool:
    identities = identities_of(person)
    rule = best_rule(rules, identities)
    return rule is not None and admit(person, instance, rule, identities)
