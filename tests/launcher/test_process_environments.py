"""Each process holds the secrets that it needs, and no other: read from the running process."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from launcher.application.environment import Embedded, application_environment, owner_environment
from launcher.application.programs import Site, model_programs, web_program, worker_programs
from launcher.configuration.credentials import Credentials, load_credentials
from launcher.configuration.data_dir import DataDir
from launcher.processes.process import Process, Program
from launcher.services import postgres, valkey

# What an operator may have set, in the environment or in .env.
OPERATOR = {
    "SECRET_KEY": "operator-secret-key-of-fifty-characters-or-more-than-that",
    "DATABASE_OWNER_URL": "postgresql://owner:operator-owner@db.example/ragapp",
    "BACKUP_DATABASE_URL": "postgresql://backup:operator-backup@db.example/ragapp",
    "DATABASE_URL": "postgresql://app:operator-app@db.example/ragapp",
    "CELERY_BROKER_URL": "redis://:operator-broker@broker.example/0",
    "LLM_API_KEY": "operator-llm-key",
    "RERANK_API_KEY": "operator-rerank-key",
    "EMAIL_HOST_PASSWORD": "operator-mail",
    "AWS_SECRET_ACCESS_KEY": "operator-storage",
    "SECRET_KEY_FILE": "/run/operator-secret-key-file",
    "DATABASE_OWNER_URL_FILE": "/run/operator-owner-file",
    "BACKUP_DATABASE_URL_FILE": "/run/operator-backup-file",
}
STRONGER = {
    *("DATABASE_OWNER_URL", "DATABASE_OWNER_URL_FILE"),
    *("BACKUP_DATABASE_URL", "BACKUP_DATABASE_URL_FILE"),
}
APPLICATION = set(OPERATOR) - STRONGER
EMBEDDED = Embedded(database=True, broker=True, models_port=1, llm_port=2)


@pytest.fixture
def credentials(data: DataDir) -> Credentials:
    return load_credentials(data)


@pytest.fixture
def operator(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in OPERATOR.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in OPERATOR:
        monkeypatch.delenv(name, raising=False)


def programs(data: DataDir, credentials: Credentials) -> dict[str, Program]:
    env = application_environment(data, credentials, EMBEDDED)
    found = [
        postgres.program(data),
        valkey.program(data),
        *model_programs(data, credentials, EMBEDDED),
        *worker_programs(data, env),
        web_program(Site("127.0.0.1", 3), env),
    ]
    return {program.name: program for program in found}


@pytest.fixture
def started(data: DataDir) -> Iterator[list[Process]]:
    processes: list[Process] = []
    yield processes
    for process in processes:
        process.stop()


def environment_of(program: Program, data: DataDir, started: list[Process]) -> dict[str, str]:
    """Start a program, with another command that only waits; return its environment."""
    process = Process(replace(program, command=["/bin/sleep", "600"], cwd=data.root), data)
    started.append(process)
    lines = Path(f"/proc/{process.pid}/environ").read_bytes().decode().rstrip("\0").split("\0")
    return dict(line.split("=", 1) for line in lines)


@pytest.mark.usefixtures("operator", "nothing_left")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("postgres", set()),
        ("valkey", set()),
        ("llm", set()),
        ("models", set()),
        ("beat", {"CELERY_BROKER_URL"}),
        ("worker-parse", APPLICATION),
        ("worker-embed", APPLICATION),
        ("web", APPLICATION),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_secrets_of_the_operator_reach_only_the_processes_that_use_them(
    data: DataDir,
    credentials: Credentials,
    started: list[Process],
    name: str,
    expected: set[str],
) -> None:
    environment = environment_of(programs(data, credentials)[name], data, started)

    held = {key for key, secret in OPERATOR.items() if secret in environment.values()}
    assert held == expected


@pytest.mark.usefixtures("nothing_set", "nothing_left")
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("postgres", set()),
        ("valkey", set()),
        ("llm", set()),
        ("models", {"model_server_key"}),
        ("beat", set()),
        ("worker-parse", {"secret_key", "app_password", "model_server_key"}),
        ("worker-embed", {"secret_key", "app_password", "model_server_key"}),
        ("web", {"secret_key", "app_password", "model_server_key"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_generated_secrets_reach_only_the_processes_that_use_them(
    data: DataDir,
    credentials: Credentials,
    started: list[Process],
    name: str,
    expected: set[str],
) -> None:
    environment = environment_of(programs(data, credentials)[name], data, started)

    together = "\n".join(environment.values())
    secrets = {field: getattr(credentials, field) for field in Credentials.__dataclass_fields__}
    assert {field for field, secret in secrets.items() if secret in together} == expected


@pytest.mark.usefixtures("nothing_set")
@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({}, "postgresql://ragapp_owner:"),
        ({"DATABASE_URL": "postgresql://one-role@db/r"}, "postgresql://one-role@db/r"),
        (
            {"DATABASE_URL": "postgresql://app@db/r", "DATABASE_OWNER_URL": "postgresql://o@db/r"},
            "postgresql://o@db/r",
        ),
    ],
    ids=["embedded", "one-role", "two-roles"],
)
def test_migrations_use_the_owner(
    data: DataDir,
    credentials: Credentials,
    monkeypatch: pytest.MonkeyPatch,
    given: dict[str, str],
    expected: str,
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    embedded = replace(EMBEDDED, database="DATABASE_URL" not in given)

    url = owner_environment(data, credentials, embedded)["DATABASE_OWNER_URL"]

    assert url.startswith(expected)


@pytest.mark.parametrize(
    ("prefixes", "queues"),
    [
        ("", {"worker-embed": "embed,default,sources,slurm"}),
        ("ssh login", {"worker-embed": "embed,default,sources", "worker-slurm": "slurm"}),
    ],
    ids=["without Slurm", "with Slurm"],
)
def test_slurm_has_a_worker_of_its_own_where_it_is_set_up(
    data: DataDir,
    credentials: Credentials,
    monkeypatch: pytest.MonkeyPatch,
    prefixes: str,
    queues: dict[str, str],
) -> None:
    monkeypatch.setenv("SLURM_COMMAND_PREFIXES", prefixes)
    found = {
        name: program.command[program.command.index("-Q") + 1]
        for name, program in programs(data, credentials).items()
        if "-Q" in program.command
    }
    assert found == {"worker-parse": "parse"} | queues
