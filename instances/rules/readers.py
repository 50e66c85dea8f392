"""Who may open the documents of an instance, and by which rule."""

from dataclasses import dataclass

from django.db.models import Count
from django.utils.translation import gettext as _

from instances.models import AccessRule, ApiKey, Instance, Membership, Role
from instances.rules.sentences import names_of_organisations, sentence


@dataclass(frozen=True)
class Readers:
    """Numbers of people. ``by_reason`` has a sentence for each way in, the most used first."""

    total: int
    by_reason: list[tuple[str, int]]
    guests: int
    api_keys: int


def readers_of(instance: Instance) -> Readers:
    """Return who may open the documents of an instance; runs inside ``tenant(instance)``."""
    memberships = Membership.objects.for_instance(instance).current()
    readers = memberships.exclude(role=Role.GUEST)
    counted = dict(readers.values_list("rule").annotate(n=Count("pk")).order_by("-n"))
    rules = AccessRule.objects.for_instance(instance).in_bulk([pk for pk in counted if pk])
    names = names_of_organisations(rules.values())
    by_reason = [
        (sentence(rules[pk], names) if pk else _("Invited or added by an administrator"), n)
        for pk, n in counted.items()
    ]
    return Readers(
        total=sum(counted.values()),
        by_reason=by_reason,
        guests=memberships.filter(role=Role.GUEST).count(),
        api_keys=sum(key.is_valid for key in ApiKey.objects.for_instance(instance)),
    )
