"""The audit log: written by ``log``, read by ``reading``, translated by ``sentences``."""

from instances.audit.log import (
    Action,
    Origin,
    Target,
    current_origin,
    name_of,
    record,
    record_all,
    speaking_for,
)

__all__ = [
    "Action",
    "Origin",
    "Target",
    "current_origin",
    "name_of",
    "record",
    "record_all",
    "speaking_for",
]
