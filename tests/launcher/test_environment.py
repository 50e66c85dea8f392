import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from launcher.application.environment import application_environment, embedded_services
from launcher.configuration.credentials import load_credentials
from launcher.configuration.data_dir import DataDir
from launcher.configuration.operator_settings import load_env_file, setting
from launcher.configuration.ports import check_can_listen, remembered_port
from launcher.errors import LauncherError

OURS = [
    "DATABASE_URL",
    "DATABASE_OWNER_URL",
    "CACHE_URL",
    "CELERY_BROKER_URL",
    "EMBEDDING_BASE_URL",
    "EMBEDDING_API_KEY",
    "LLM_BASE_URL",
    "SECRET_KEY",
    "SITE_URL",
    "ALLOWED_HOSTS",
]


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OURS:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def environment(data: DataDir, **options: str) -> dict[str, str]:
    return application_environment(data, load_credentials(data), embedded_services(data), **options)


def test_all_services_are_embedded_by_default(data: DataDir) -> None:
    env = environment(data, site_url="http://localhost:9000/")

    assert env["SITE_URL"] == "http://localhost:9000/"
    assert env["DATABASE_URL"].startswith("postgresql://ragapp_app:")
    assert env["CELERY_BROKER_URL"].startswith("redis+socket://")
    assert env["EMBEDDING_BASE_URL"].startswith("http://127.0.0.1:")
    assert set(OURS) - set(env) == {"LLM_BASE_URL", "DATABASE_OWNER_URL"}


@pytest.mark.parametrize(
    ("name", "gone"),
    [
        ("DATABASE_URL", {"DATABASE_URL"}),
        ("CELERY_BROKER_URL", {"CELERY_BROKER_URL", "CACHE_URL"}),
        ("CACHE_URL", {"CACHE_URL"}),
        ("EMBEDDING_BASE_URL", {"EMBEDDING_BASE_URL", "EMBEDDING_API_KEY"}),
        ("SECRET_KEY", {"SECRET_KEY"}),
        ("ALLOWED_HOSTS", {"ALLOWED_HOSTS"}),
    ],
)
@pytest.mark.parametrize("suffix", ["", "_FILE"], ids=["value", "file"])
def test_settings_of_the_operator_take_precedence(
    data: DataDir, monkeypatch: pytest.MonkeyPatch, name: str, gone: set[str], suffix: str
) -> None:
    everything = set(environment(data))
    monkeypatch.setenv(name + suffix, "/run/secrets/x")

    assert everything - set(environment(data)) == gone


def test_a_served_address_is_an_allowed_host(data: DataDir) -> None:
    assert "10.1.2.3" in environment(data, host="10.1.2.3")["ALLOWED_HOSTS"].split(",")
    every_name = environment(data, host="::")["ALLOWED_HOSTS"].split(",")
    assert socket.gethostname() in every_name
    assert "*" not in every_name


def test_the_demonstration_and_a_real_llm_exclude_each_other(
    data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_BASE_URL", "http://127.0.0.1:1/v1")

    with pytest.raises(LauncherError, match="--demo-llm and LLM_BASE_URL"):
        embedded_services(data, demo_llm=True)


def test_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.write_text("# comment\n\nexport SITE_NAME='Mon université'\nLLM_MODEL=a=b\nLLM_LABEL=no\n")
    for name in ("SITE_NAME", "LLM_MODEL"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("LLM_LABEL", "kept")

    load_env_file(file)

    assert setting("SITE_NAME", "") == "Mon université"
    assert setting("LLM_MODEL", "") == "a=b"
    assert setting("LLM_LABEL", "") == "kept"


def test_error_names_the_invalid_line_of_the_env_file(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("SITE_NAME\n")

    with pytest.raises(LauncherError, match="line 1: NAME=value"):
        load_env_file(file)


def test_occupied_port_is_reported(taken_port: int) -> None:
    with pytest.raises(LauncherError, match=rf"Port {taken_port} is taken.*{taken_port + 1}"):
        check_can_listen("127.0.0.1", taken_port)


@pytest.mark.parametrize(
    ("host", "port", "message"),
    [("127.0.0.1", 70000, "not a port"), ("192.0.2.1", 8000, "not an address of this machine")],
)
def test_invalid_address_is_reported(host: str, port: int, message: str) -> None:
    with pytest.raises(LauncherError, match=message):
        check_can_listen(host, port)


def test_port_is_reused_until_it_is_occupied(data: DataDir) -> None:
    first = remembered_port(data, "models", is_up=False)
    assert remembered_port(data, "models", is_up=False) == first

    with socket.create_server(("127.0.0.1", first)):
        assert remembered_port(data, "models", is_up=True) == first
        assert remembered_port(data, "models", is_up=False) != first
