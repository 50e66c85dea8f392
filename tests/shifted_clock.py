"""A pytest plugin (``-p tests.shifted_clock``) that sets the clock of Python forward.

By ``RAGAPP_TEST_CLOCK_SHIFT_S`` seconds, before anything else is imported: for a test that collects
the suite under another clock (``tests/test_collection.py``), and for nothing else.
"""

import datetime
import os
import time
from typing import Any, Self

SHIFT_S = float(os.environ.get("RAGAPP_TEST_CLOCK_SHIFT_S", "0"))
_time, _time_ns = time.time, time.time_ns


class ShiftedDatetime(datetime.datetime):
    """A datetime whose ``now`` and ``today`` are those of the shifted clock."""

    __slots__ = ()

    @classmethod
    def now(cls, tz: Any = None) -> Self:
        return cls.fromtimestamp(time.time(), tz)

    @classmethod
    def today(cls) -> Self:
        return cls.now()


class ShiftedDate(datetime.date):
    """A date whose ``today`` is that of the shifted clock."""

    __slots__ = ()

    @classmethod
    def today(cls) -> Self:
        return cls.fromtimestamp(time.time())


if SHIFT_S:
    time.time = lambda: _time() + SHIFT_S
    time.time_ns = lambda: _time_ns() + int(SHIFT_S * 1e9)
    datetime.datetime = ShiftedDatetime  # type: ignore[misc]
    datetime.date = ShiftedDate  # type: ignore[misc]
