"""Usage records; their sums: daily, monthly, and as amounts owed; quotas."""

from usage.models.cells import CellName, DailyCell, MonthlyCell, PendingDay, PendingMonth
from usage.models.connection_tests import ConnectionTest
from usage.models.ledger import LedgerLine
from usage.models.quotas import Quota, QuotaCharge, QuotaCounter
from usage.models.records import AnswerStatus, UsageRecord
from usage.models.rollups import (
    DailyDuration,
    DailyPerson,
    DailySubject,
    DailyUsage,
    MonthlyDuration,
    MonthlyPerson,
    MonthlySubject,
    MonthlyUsage,
    PendingUsage,
)
from usage.models.sums import SUM_COLUMNS

__all__ = [
    "SUM_COLUMNS",
    "AnswerStatus",
    "CellName",
    "ConnectionTest",
    "DailyCell",
    "DailyDuration",
    "DailyPerson",
    "DailySubject",
    "DailyUsage",
    "LedgerLine",
    "MonthlyCell",
    "MonthlyDuration",
    "MonthlyPerson",
    "MonthlySubject",
    "MonthlyUsage",
    "PendingDay",
    "PendingMonth",
    "PendingUsage",
    "Quota",
    "QuotaCharge",
    "QuotaCounter",
    "UsageRecord",
]
