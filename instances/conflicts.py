"""Transactions that are repeated after a conflict with a deletion or an insertion.

Foreign keys are checked at the end of a transaction: one that refers to a row that was deleted
meanwhile, or deletes a row to which another refers by then, fails and can be repeated.
"""

from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError

R = TypeVar("R")

# A try fails only if another transaction commits between its first query and its end.
_TRIES = 5


def repeat_after_conflict(transaction: Callable[[], R]) -> R:
    """Call ``transaction``, again if it raised IntegrityError; raises the error of the last try."""
    for _ in range(_TRIES - 1):
        try:
            return transaction()
        except IntegrityError:
            continue
    return transaction()
