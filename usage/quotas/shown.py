"""Quotas as members read them: the lines above the composer and on the page *Usage*."""

from dataclasses import dataclass
from datetime import datetime
from typing import Self

from usage.quotas.refusals import contact_for
from usage.quotas.sentences import limit, remedy, usage_line, used_up, whose
from usage.quotas.standings import Standing, standings_for
from usage.quotas.subjects import QuotaHolder


@dataclass(frozen=True, slots=True)
class ShownQuota:
    """What is used of a quota, in words; ``contact`` and ``remedy`` when it is used up."""

    line: str
    whose: str
    limit: str
    percent: int
    resets_at: datetime
    is_near: bool = False
    used_up: str = ""
    remedy: str = ""
    contact: str = ""

    @classmethod
    def of(cls, standing: Standing, holder: QuotaHolder) -> Self:
        """Return a quota as ``holder`` reads it."""
        quota = standing.quota
        is_refusing = standing.is_reached and quota.is_hard
        return cls(
            line=usage_line(standing),
            whose=whose(quota),
            limit=limit(quota),
            percent=standing.percent,
            resets_at=standing.window.ends_at,
            is_near=standing.is_near,
            used_up=used_up(quota) if is_refusing else "",
            remedy=remedy(quota) if is_refusing else "",
            contact=contact_for(standing, holder) if is_refusing else "",
        )


def shown_quotas(holder: QuotaHolder) -> list[ShownQuota]:
    """Return the quotas that apply, the most used first; runs inside ``tenant(instance)``."""
    return [ShownQuota.of(standing, holder) for standing in standings_for(holder)]
