"""Sums of usage records, from which dashboards and statements are read.

    UsageRecord → PendingUsage        a trigger notes the time of a new or changed record
    → DailyUsage, DailySubject, …     ``refresh.roll_up_instance``: the days concerned, again
    → MonthlyUsage, MonthlySubject, … in the same transaction: the months of those days
    → LedgerLine                      in the same transaction, too
    → MonthlyCell                     ``monthly.roll_up_month``: organisations, and the site

Sums are never added to: a day or a month is computed again from the records, so that repeating a
step changes nothing. ``./manage rebuildusage`` computes everything again.
"""
