"""Sums of usage records, from which dashboards and statements are read.

    UsageRecord → PendingUsage        a trigger notes the time of a new or changed record
    → DailyUsage, DailySubject, …     ``refresh.roll_up_instance``: the days concerned, again
    → MonthlyUsage, MonthlySubject, … in the same transaction: the months of those days
    → LedgerLine                      in the same transaction, too
    → DailyCell                       ``cells.roll_up_cells``: changed days of organisations
    → MonthlyCell                     ``monthly.roll_up_month``: organisations, and the site

Sums are never added to: a day is computed again from the records, a month from its days, so that
repeating a step changes nothing. ``./manage rebuildusage`` computes everything again.
"""
