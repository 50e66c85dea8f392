"""The units of systemd: accepted by systemd, and the processes of ``./run``."""

import shlex
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.deploy.launched import DEPLOY, commands, comparable, unknown_settings

UNITS = sorted((DEPLOY / "systemd").glob("*.*"))
SERVICES = [unit for unit in UNITS if unit.suffix == ".service"]
PYTHON = "/opt/ragapp/.venv/bin/python"


def values(unit: Path, name: str) -> list[str]:
    """The values of each line of this name."""
    lines = unit.read_text().splitlines()
    return [line.partition("=")[2] for line in lines if line.startswith(f"{name}=")]


def command(unit: Path) -> list[str]:
    (line,) = values(unit, "ExecStart")
    return shlex.split(line.replace("%%", "%"))


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_accepts_them(tmp_path: Path) -> None:
    for unit in UNITS:
        # What is installed there is not on this machine.
        text = unit.read_text().replace(PYTHON, sys.executable).replace("User=ragapp", "User=root")
        (tmp_path / unit.name).write_text(text)
    result = subprocess.run(
        ["systemd-analyze", "verify", *map(str, sorted(tmp_path.iterdir()))],
        env={"SYSTEMD_UNIT_PATH": f"{tmp_path}:/lib/systemd/system", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


def test_processes_are_those_of_run(tmp_path: Path) -> None:
    found = {unit.stem.removeprefix("ragapp-"): comparable(command(unit)[1:]) for unit in SERVICES}
    launched = commands(tmp_path)
    assert {name: found[name] for name in launched} == launched
    assert found.keys() - launched.keys() == {"migrate", "backup"}


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_every_variable_is_a_setting(unit: Path) -> None:
    variables = [
        each.partition("=")[0] for line in values(unit, "Environment") for each in line.split()
    ]
    assert unknown_settings(variables) == set()


@pytest.mark.parametrize("unit", SERVICES, ids=lambda unit: unit.stem)
def test_services_have_no_rights_and_their_secrets_only(unit: Path) -> None:
    assert values(unit, "NoNewPrivileges") == ["true"]
    assert values(unit, "ProtectSystem") == ["strict"]
    files = {Path(file).stem for file in values(unit, "EnvironmentFile")}
    assert ("owner" in files) == (unit.stem in ("ragapp-migrate", "ragapp-backup"))
    assert ("application" in files) == (unit.stem not in ("ragapp-beat", "ragapp-models"))


def test_target_wants_every_process() -> None:
    parser = ConfigParser(strict=False)
    parser.read(DEPLOY / "systemd" / "ragapp.target")
    wanted = set(parser["Unit"]["Wants"].split())
    beside = {"ragapp-migrate.service", "ragapp-backup.service"}
    assert wanted == {unit.name for unit in SERVICES} - beside
