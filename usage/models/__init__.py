"""Usage records, and their sums: daily, monthly, and as amounts owed."""

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
    "UsageRecord",
]
