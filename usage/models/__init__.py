"""Usage records; their sums: daily, monthly, and as amounts owed; quotas."""

from usage.models.quotas import Quota, QuotaCharge, QuotaCounter
from usage.models.records import AnswerStatus, UsageRecord
from usage.models.rollups import (
    SUM_COLUMNS,
    DailyDuration,
    DailyPerson,
    DailySubject,
    DailyUsage,
    LedgerLine,
    MonthlyCell,
    PendingMonth,
    PendingUsage,
)

__all__ = [
    "SUM_COLUMNS",
    "AnswerStatus",
    "DailyDuration",
    "DailyPerson",
    "DailySubject",
    "DailyUsage",
    "LedgerLine",
    "MonthlyCell",
    "PendingMonth",
    "PendingUsage",
    "Quota",
    "QuotaCharge",
    "QuotaCounter",
    "UsageRecord",
]
