"""Energy of processor time, with and without RAPL."""

from pathlib import Path

import pytest

from usage.energy import local


@pytest.fixture
def machine(tmp_path: Path) -> Path:
    """A machine with two packages; the second level of RAPL is part of the first."""
    for name in ("intel-rapl:0", "intel-rapl:1", "intel-rapl:0:0"):
        (tmp_path / name).mkdir()
    return tmp_path


def write(machine: Path, joules: int, busy_s: float) -> None:
    for name in ("intel-rapl:0", "intel-rapl:1", "intel-rapl:0:0"):
        (machine / name / "energy_uj").write_text(f"{joules * 1_000_000 // 2}\n")
    (machine / "stat").write_text(f"cpu {int(busy_s * 100)} 0 0 999999 0 0 0 0 0 0\ncpu0 1\n")


def test_power_of_a_core_is_measured_over_a_window(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([0.0, 5.0, 11.0, 30.0])
    monkeypatch.setattr(local.time, "monotonic", lambda: next(clock))
    write(machine, 1000, 50)
    rapl = local.Rapl(machine, machine / "stat")
    assert rapl.watts_per_core() is None
    write(machine, 1200, 60)
    assert rapl.watts_per_core() is None
    assert rapl.watts_per_core() == pytest.approx(20.0)
    # The counter begins anew: the last figure holds.
    write(machine, 10, 70)
    assert rapl.watts_per_core() == pytest.approx(20.0)


def test_setting_replaces_rapl_that_cannot_be_read(
    machine: Path, monkeypatch: pytest.MonkeyPatch, settings
) -> None:
    write(machine, 1, 1)
    (machine / "stat").unlink()
    monkeypatch.setattr(local, "_rapl", local.Rapl(machine, machine / "stat"))
    settings.CPU_WATTS_PER_CORE = 36.0
    energy = local.local_energy(100.0)
    assert (energy.middle_wh, energy.method) == (1.0, "local")
    assert energy.version == "36 W per core"
