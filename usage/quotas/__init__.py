"""Quotas: how much members, keys, instances, organisations and the site may use (docs/quotas.md).

A request *reserves* its upper estimate of every quota that applies to it, all or none
(``charging.reserve``), and *settles* with the measured figures when its usage record is written
(``charging.settle``). Decision 027.

    QuotaReached   a quota is used up; names it, with the end of its period and whom to ask
"""
