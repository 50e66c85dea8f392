"""Where a member or a key stands with a quota: what is used of it, and when it resets."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q
from django.utils import timezone

from usage.models import Quota, QuotaCounter
from usage.quotas.subjects import Applied, QuotaHolder, quotas_for, shared_subject
from usage.quotas.windows import Window, window_of

_HUNDRED = 100


@dataclass(frozen=True, slots=True)
class Standing:
    """What a subject has used of a quota, and reserved for requests under way."""

    applied: Applied
    used: Decimal = Decimal()
    reserved: Decimal = Decimal()

    @property
    def quota(self) -> Quota:
        """The quota."""
        return self.applied.quota

    @property
    def window(self) -> Window:
        """The period; at its end the quota resets."""
        return self.applied.window

    @property
    def percent(self) -> int:
        """The used part, rounded down, 100 at most."""
        return min(_HUNDRED, int(_HUNDRED * self.used / self.quota.amount))

    @property
    def remaining(self) -> Decimal:
        """What is left for further requests."""
        return max(Decimal(), self.quota.amount - self.used - self.reserved)

    @property
    def is_near(self) -> bool:
        """Whether the warning applies."""
        return self.used >= self.quota.amount * self.quota.warning_percent / _HUNDRED

    @property
    def is_reached(self) -> bool:
        """Whether it is used up."""
        return self.used >= self.quota.amount


def standings_for(holder: QuotaHolder) -> list[Standing]:
    """Return every quota that applies, the most used first; runs inside ``tenant(instance)``."""
    standings = standings_of(quotas_for(holder, timezone.now()))
    return sorted(standings, key=lambda one: one.used / one.quota.amount, reverse=True)


def shared_standings(quotas: Iterable[Quota]) -> dict[int, Standing]:
    """Return what is used of the quotas of an instance, an organisation or the site as a whole.

    By key of the quota; those for each of several subjects are left out. Of an instance, runs
    inside ``tenant(instance)``.
    """
    now = timezone.now()
    applied = [
        Applied(quota, subject, window_of(quota.period, now), quota.instance_id)
        for quota in quotas
        if (subject := shared_subject(quota))
    ]
    return {one.quota.pk: one for one in standings_of(applied)}


def standings_of(applied: Iterable[Applied]) -> list[Standing]:
    """Return what is used of quotas, in their order; runs inside ``tenant(instance)``."""
    applied = list(applied)
    wanted = Q(pk=None)
    for one in applied:
        wanted |= Q(quota=one.quota.pk, subject=one.subject, starts_at=one.window.starts_at)
    counters = {counter.quota_id: counter for counter in QuotaCounter.objects.filter(wanted)}
    return [
        Standing(one, counter.used, counter.reserved)
        if (counter := counters.get(one.quota.pk))
        else Standing(one)
        for one in applied
    ]
