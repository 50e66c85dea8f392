"""``./manage``: ``manage.py`` with the environment of ``./run``, whether that is running or not."""

import argparse
import contextlib
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from launcher.application.environment import (
    Embedded,
    application_environment,
    backup_environment,
    embedded_services,
    owner_environment,
)
from launcher.application.programs import model_programs
from launcher.application.schema import forget_migrations, migrate
from launcher.configuration.credentials import Credentials, load_credentials
from launcher.configuration.data_dir import DataDir, locked, open_data_dir
from launcher.configuration.inherited import settings
from launcher.configuration.operator_settings import load_env_file
from launcher.installation.setup import prepare_model, set_up_project
from launcher.processes.process import Process
from launcher.project import MANAGE, PYTHON, ROOT
from launcher.services.embedded import running_services

# Commands that embed: without ./run they need a model server of their own.
_NEED_MODELS = {"evaluate"}
_BACKUPS = {"backup", "restore", "verifybackup"}


def manage(arguments: list[str]) -> int:
    """Run a management command; return its exit code.

    The services of ``./run`` are used when it is running; otherwise they are started for the
    duration of the command.
    """
    parser = argparse.ArgumentParser(prog="./manage", add_help=False, allow_abbrev=False)
    parser.add_argument("--data-dir", type=Path, default=ROOT / "var")
    options, command = parser.parse_known_args(arguments)
    load_env_file(ROOT / ".env")
    data = open_data_dir(options.data_dir)
    set_up_project(data.setup_log)
    with (
        locked(data, "manage", wait_for="manage") as nothing_is_up,
        contextlib.ExitStack() as stack,
    ):
        credentials = load_credentials(data)
        embedded = embedded_services(data, are_up=not nothing_is_up)
        env = application_environment(data, credentials, embedded)
        if command[:1] == ["migrate"]:
            env |= owner_environment(data, credentials, embedded)
        if _BACKUPS.intersection(command[:1]):
            env |= backup_environment(data, credentials, embedded)
        if nothing_is_up:
            stack.enter_context(_own_services(data, credentials, embedded, env, command))
        exit_code = _run_in_foreground([str(PYTHON), str(MANAGE), *command], env)
        if command[:1] == ["restore"]:
            forget_migrations(data)
        return exit_code


@contextlib.contextmanager
def _own_services(
    data: DataDir,
    credentials: Credentials,
    embedded: Embedded,
    env: dict[str, str],
    command: list[str],
) -> Iterator[None]:
    with contextlib.ExitStack() as stack:
        if embedded.database or embedded.broker:
            stack.enter_context(running_services(data, credentials))
        if embedded.database and command[:1] != ["migrate"]:
            migrate(data, env | owner_environment(data, credentials, embedded), embedded=True)
        if _NEED_MODELS.intersection(command[:1]):
            prepare_model(data, data.setup_log)
            for program in model_programs(data, credentials, embedded):
                process = Process(program, data)
                stack.callback(process.stop)
                process.wait_ready()
        yield


def _run_in_foreground(command: list[str], env: dict[str, str]) -> int:
    """Run ``command`` on this terminal: it handles Ctrl-C itself, and SIGTERM is passed on."""
    with subprocess.Popen(command, env=settings() | env) as process:
        before = [
            (signal.SIGINT, signal.signal(signal.SIGINT, signal.SIG_IGN)),
            (signal.SIGTERM, signal.signal(signal.SIGTERM, lambda *_: process.terminate())),
        ]
        try:
            return process.wait()
        finally:
            for number, handler in before:
                signal.signal(number, handler)
