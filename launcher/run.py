"""``./run``: set up what is missing, then serve in the foreground until Ctrl-C."""

import argparse
import time
from pathlib import Path

from launcher.application.environment import (
    Embedded,
    application_environment,
    embedded_services,
    owner_environment,
)
from launcher.application.programs import (
    Site,
    http_status,
    model_programs,
    web_program,
    worker_programs,
)
from launcher.application.schema import (
    Administrator,
    first_administrator,
    forget_credentials,
    migrate,
)
from launcher.configuration.credentials import Credentials, load_credentials
from launcher.configuration.data_dir import DataDir, locked, open_data_dir
from launcher.configuration.operator_settings import load_env_file
from launcher.configuration.ports import check_can_listen
from launcher.errors import LauncherError
from launcher.installation.sandbox_check import reporting_missing_protections
from launcher.installation.setup import collect_static_files, prepare_model, set_up_project
from launcher.processes.process import Program, sweep
from launcher.processes.supervisor import Supervisor
from launcher.progress import say
from launcher.project import ROOT
from launcher.services import postgres, valkey

_READY_TIMEOUT_S = 120.0
_READY_POLL_S = 0.1


def run(arguments: list[str]) -> int:
    """Serve; return the exit code. Raises LauncherError for what the operator can correct."""
    options = _parse(arguments)
    load_env_file(ROOT / ".env")
    site = Site(options.host, options.port)
    data = open_data_dir(options.data_dir)
    with locked(data, "run"):
        sweep(data)
        check_can_listen(site.host, site.port)
        set_up_project(data.setup_log, demo_llm=options.demo_llm)
        prepare_model(data, data.setup_log)
        _serve(data, site, demo_llm=options.demo_llm)
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./run", description="Set up what is missing, then serve in the foreground."
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, default=8000, help="port to listen on (8000)")
    parser.add_argument(
        "--data-dir", type=Path, default=ROOT / "var", help="where everything is kept (./var)"
    )
    parser.add_argument(
        "--demo-llm", action="store_true", help="start a small demonstration LLM (English only)"
    )
    return parser.parse_args(arguments)


def _serve(data: DataDir, site: Site, *, demo_llm: bool) -> None:
    started = time.monotonic()
    credentials = load_credentials(data)
    embedded = embedded_services(data, demo_llm=demo_llm)
    env = application_environment(data, credentials, embedded, host=site.host, site_url=site.url)
    supervisor = Supervisor(data)
    with supervisor.handling_signals():
        try:
            with reporting_missing_protections():
                supervisor.start(_services(data, credentials, embedded))
                supervisor.start(model_programs(data, credentials, embedded))
                administrator = _prepare(data, credentials, embedded, env, supervisor)
            supervisor.start(worker_programs(data, env))
            supervisor.start([web_program(site, env)])
            supervisor.wait_ready()
            _wait_until_all_answer(site, supervisor)
            _announce(site, administrator, time.monotonic() - started)
            forget_credentials(data)
            supervisor.watch()
            say("Stopping …")
        finally:
            supervisor.stop()
    say("Stopped.")


def _services(data: DataDir, credentials: Credentials, embedded: Embedded) -> list[Program]:
    programs = []
    if embedded.database:
        postgres.initialise(data, credentials)
        postgres.forget_dead_server(data)
        programs.append(postgres.program(data))
    if embedded.broker:
        programs.append(valkey.program(data))
    return programs


def _prepare(
    data: DataDir,
    credentials: Credentials,
    embedded: Embedded,
    env: dict[str, str],
    supervisor: Supervisor,
) -> Administrator | None:
    """Do what comes between the start of the database and the first process that uses it."""
    collect_static_files(data, env, data.setup_log)
    if embedded.database:
        supervisor.wait_ready("postgres")
        postgres.prepare_database(data, credentials)
    owner = owner_environment(data, credentials, embedded)
    migrate(data, env | owner, embedded=embedded.database)
    return first_administrator(data, env, embedded=embedded.database)


def _wait_until_all_answer(site: Site, supervisor: Supervisor) -> None:
    deadline = time.monotonic() + _READY_TIMEOUT_S
    while http_status(site.reachable_host, site.port, "/readyz") != 200:
        supervisor.raise_if_stopping()
        supervisor.restart_ended()
        if time.monotonic() > deadline:
            raise LauncherError(f"Not everything answers: see {site.url}readyz and the logs.")
        time.sleep(_READY_POLL_S)


def _announce(site: Site, administrator: Administrator | None, seconds: float) -> None:
    say(f"\nReady in {seconds:.1f} s: {site.url}")
    if administrator:
        say(f"    user name  {administrator.username}")
        say(f"    password   {administrator.password}  (to be changed at first login)")
    say("Ctrl-C stops everything.\n")
