"""``compose.yaml``: valid, and the processes of ``./run`` with the secrets that each needs."""

import json
import re
import subprocess
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from launcher.project import ROOT
from tests.deploy.launched import DEPLOY, commands, comparable, unknown_settings

SERVICES = {
    **{name: name for name in ("models", "web", "beat")},
    **{name: name for name in ("worker-parse", "worker-embed")},
}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file, its anchors merged."""
    read: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return read


@pytest.fixture(scope="module")
def services(compose: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = compose["services"]
    return found


def ours(services: dict[str, Any]) -> dict[str, Any]:
    return {name: each for name, each in services.items() if each["image"] == "ragapp"}


def test_it_follows_the_specification(compose: dict[str, Any]) -> None:
    schema = files("check_jsonschema") / "builtin_schemas" / "vendor" / "compose-spec.json"
    jsonschema.validate(compose, json.loads(schema.read_text()))


def test_processes_are_those_of_run(services: dict[str, Any], tmp_path: Path) -> None:
    found = {name: comparable(services[name]["command"][1:]) for name in commands(tmp_path)}
    assert found == commands(tmp_path)


def test_every_variable_is_a_setting(services: dict[str, Any]) -> None:
    for name, service in ours(services).items():
        assert unknown_settings(service.get("environment", {})) == set(), name


def test_owner_of_the_tables_is_known_to_migrations_and_backups_alone(
    services: dict[str, Any],
) -> None:
    with_owner = {
        name
        for name, service in services.items()
        if any(volume.startswith("owner-secrets:") for volume in service.get("volumes", []))
    }
    assert with_owner == {"secrets", "migrate", "backup"}


def test_only_web_and_workers_reach_other_networks(services: dict[str, Any]) -> None:
    outside = {name for name, each in services.items() if "outside" in each.get("networks", [])}
    assert outside == {"web", "worker-parse", "worker-embed"}


def test_our_containers_have_no_rights_and_write_nowhere_else(services: dict[str, Any]) -> None:
    for name, service in ours(services).items():
        assert service["read_only"], name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "user" not in service or name == "secrets"


def test_dependencies_exist_and_have_health_checks(services: dict[str, Any]) -> None:
    for name, service in services.items():
        for other, wanted in service.get("depends_on", {}).items():
            is_healthy = wanted["condition"] == "service_healthy"
            assert not is_healthy or "healthcheck" in services[other], (name, other)


@pytest.mark.parametrize("script", sorted((DEPLOY / "compose").glob("*.sh")), ids=lambda p: p.name)
def test_scripts_are_shell(script: Path) -> None:
    subprocess.run(["sh", "-n", str(script)], check=True)


def test_secrets_are_made_once(tmp_path: Path) -> None:
    script = (DEPLOY / "compose" / "secrets.sh").read_text()
    # Not root here, and not at /.
    script = script.replace("/secrets/", f"{tmp_path}/").replace("chown 10001:10001", ":")
    for volume in ("database", "application", "models", "owner"):
        (tmp_path / volume).mkdir()

    def made() -> dict[str, str]:
        subprocess.run(["sh", "-c", script], check=True)
        paths = (path for path in tmp_path.rglob("*") if path.is_file())
        return {path.relative_to(tmp_path).as_posix(): path.read_text() for path in paths}

    first = made()
    assert made() == first
    assert len(first["application/SECRET_KEY"]) >= 50
    assert first["application/EMBEDDING_API_KEY"] == first["models/MODEL_SERVER_API_KEY"]
    app = re.fullmatch(
        r"postgresql://ragapp_app:([\w-]{60,})@postgres/ragapp", first["application/DATABASE_URL"]
    )
    assert app
    assert app[1] == first["database/app"]
    assert len(set(first.values())) == len(first) - 1


def test_image_runs_as_a_user_of_its_own_and_serves() -> None:
    final = (ROOT / "Dockerfile").read_text().rpartition("\nFROM ")[2]
    assert "\nUSER 10001:10001\n" in final
    assert "gcc" not in final
    command = json.loads(final.rpartition("\nCMD ")[2])
    assert command[:3] == ["python", "-m", "ragapp.web_server"]


def test_image_has_every_package_of_the_product() -> None:
    kept = {
        line.removeprefix("!/")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!/")
    }
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "bench"}
    assert packages <= kept
    assert all((ROOT / name).exists() for name in kept)
