"""Energy of processor time of our own machines.

    energy = seconds of one processor × W per core

W per core is measured where Linux lets us read RAPL, the energy counters of the processor packages
(``/sys/class/powercap``, often for root only): their energy divided by the busy seconds of all
cores, over at least ``WINDOW_S``, so that the work shares the idle power of the processor. Without
RAPL it is the setting ``CPU_WATTS_PER_CORE``. Memory, disks and network are not counted.
"""

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from usage.energy.figures import J_PER_WH, Energy

WINDOW_S = 10.0
_UJ_PER_J = 1e6
# Columns of /proc/stat in which a core works: user, nice, system; irq, softirq, steal.
_BUSY = (0, 1, 2, 5, 6, 7)


@dataclass(frozen=True, slots=True)
class _Reading:
    at_s: float
    joules: float
    busy_s: float


class Rapl:
    """The power of a busy core, from two readings of the counters. Thread-safe."""

    def __init__(self, powercap: Path, stat: Path) -> None:
        self._counters = sorted(powercap.glob("intel-rapl:?/energy_uj"))
        self._stat = stat
        self._last: _Reading | None = None
        self._watts: float | None = None
        self._lock = threading.Lock()

    def watts_per_core(self) -> float | None:
        """Return the power in the last window; None before its end, or without readable RAPL."""
        if not self._counters:
            return None
        with self._lock:
            now = time.monotonic()
            if self._last is None or now - self._last.at_s >= WINDOW_S:
                self._read(now)
            return self._watts

    def _read(self, now: float) -> None:
        try:
            reading = _Reading(now, self._joules(), self._busy_s())
        except (OSError, ValueError):
            self._counters = []
            return
        last, self._last = self._last, reading
        if last is None:
            return
        joules, busy_s = reading.joules - last.joules, reading.busy_s - last.busy_s
        # A counter that falls has begun anew.
        if joules > 0 and busy_s > 0:
            self._watts = joules / busy_s

    def _joules(self) -> float:
        return sum(int(counter.read_text()) for counter in self._counters) / _UJ_PER_J

    def _busy_s(self) -> float:
        ticks = [int(value) for value in self._stat.read_text().splitlines()[0].split()[1:]]
        return sum(ticks[column] for column in _BUSY) / os.sysconf("SC_CLK_TCK")


_rapl = Rapl(Path("/sys/class/powercap"), Path("/proc/stat"))


def local_energy(cpu_seconds: float) -> Energy:
    """Return the energy of processor time, in seconds of one processor."""
    measured = _rapl.watts_per_core()
    watts = settings.CPU_WATTS_PER_CORE if measured is None else measured
    wh = cpu_seconds * watts / J_PER_WH
    return Energy(
        low_wh=wh,
        middle_wh=wh,
        high_wh=wh,
        method="local",
        version=f"{watts:.3g} W per core" + ("" if measured is None else " (RAPL)"),
    )
