"""What time ends: memberships, with their keys, and what institutions said of people long ago."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from instances.across_instances import ask
from instances.audit import Action
from instances.members import removal
from instances.models import AccessRule, Identity, Instance, Membership
from instances.rules.identities import forget_identities
from instances.rules.joining import admit
from instances.rules.matching import best_rule, identities_of, reevaluate_person
from instances.tenancy import tenant


def instances_with_ended_memberships() -> QuerySet[Instance]:
    """The instances in which somebody's time is up, in one query."""
    numbers = [pk for (pk,) in ask("instances_with_ended_memberships")]
    return Instance.objects.filter(pk__in=numbers).select_related("organisation").order_by("pk")


def end_memberships(instance: Instance) -> int:
    """End the memberships of an instance whose time is up; return how many.

    Whom an access rule lets in stays, by the rule.
    """
    with tenant(instance):
        # Locked: an end that is put off meanwhile counts.
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
        people = get_user_model()._default_manager.filter(pk__in=user_ids) if rules else ()
        staying = {person.pk for person in people if _renew(person, instance, rules)}
        lost = [pk for pk in user_ids if pk not in staying]
        return removal.end_memberships(instance, lost, action=Action.MEMBER_LOST, reason="time")


def forget_old_identities(now: datetime) -> int:
    """Forget what institutions said before ``IDENTITY_DAYS``, and what it gave; return how many.

    Whoever has left an institution does not log in there any more, so no login would tell of it:
    they may have another way in, and a key needs none. The next login there gives all of it back.
    """
    old = {"asserted_at__lt": now - timedelta(days=settings.IDENTITY_DAYS)}
    concerned = Identity.objects.filter(**old).values("user")
    forgotten = 0
    for person in get_user_model()._default_manager.filter(pk__in=concerned).order_by("pk"):
        with transaction.atomic():
            forgotten += forget_identities(user=person, **old)
            reevaluate_person(person)
    return forgotten


def _renew(person: object, instance: Instance, rules: list[AccessRule]) -> bool:
    identities = identities_of(person)
    rule = best_rule(rules, identities)
    return rule is not None and admit(person, instance, rule, identities)
