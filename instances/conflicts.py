"""Transactions that are repeated after a conflict with another one.

Foreign keys are checked at the end of a transaction: one that refers to a row that was deleted
meanwhile, or deletes a row to which another refers by then, fails and can be repeated.
"""

from collections.abc import Callable
from typing import TypeVar

from django.db import IntegrityError, OperationalError
from psycopg.errors import DeadlockDetected

R = TypeVar("R")

# A try fails only if another transaction commits between its first query and its end.
_TRIES = 5


def repeat_after_conflict(transaction: Callable[[], R]) -> R:
    """Call ``transaction``, again if another one made it fail; raises the error of the last try.

    That is an IntegrityError, or a deadlock, of which PostgreSQL ends one side.
    """
    for _ in range(_TRIES - 1):
        try:
            return transaction()
        except IntegrityError:
            continue
        except OperationalError as error:
            if not isinstance(error.__cause__, DeadlockDetected):
                raise
    return transaction()
