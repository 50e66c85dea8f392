"""The audit log: written by ``log``, read by ``reading``, translated by ``sentences``."""

from instances.audit.log import (
    Action,
    Origin,
    Target,
    acting_as,
    current_origin,
    name_of,
    record,
    record_all,
)

__all__ = [
    "Action",
    "Origin",
    "Target",
    "acting_as",
    "current_origin",
    "name_of",
    "record",
    "record_all",
]
