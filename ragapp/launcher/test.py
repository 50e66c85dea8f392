"""``./test``: linters and tests, on a PostgreSQL and a Valkey of their own, thrown away after."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from .account import child_setup, our_account
from .commands import run_logged
from .credentials import load_credentials
from .data_dir import open_data_dir
from .errors import LauncherError
from .progress import complain, report, step
from .project import PYTHON, ROOT, VENV
from .services import running_services, service_environment
from .setup import set_up_project

# Programs that tests need and pip cannot bring: program -> Debian package.
# SimpleSAMLphp is not among them: it brings a web server along, and its tests name it.
_SYSTEM_PROGRAMS = {"chromium": "chromium", "xmlsec1": "xmlsec1"}
_LINTERS = {
    "ruff (lint)": ["ruff", "check", "."],
    "ruff (format)": ["ruff", "format", "--check", "."],
    "mypy": ["mypy", "."],
    "import-linter": ["lint-imports"],
    "migrations": ["python", "manage.py", "makemigrations", "--check", "--dry-run"],
    "djlint": ["djlint", "--lint", "--quiet", "templates"],
}


def test(arguments: list[str]) -> int:
    """Run linters and all tests, or pytest alone with ``arguments``; return the exit code."""
    with tempfile.TemporaryDirectory(prefix="ragapp-test-") as temporary:
        # The database's account must pass through.
        Path(temporary).chmod(0o711)
        data = open_data_dir(Path(temporary) / "var")
        set_up_project(data.setup_log, dev=True)
        _ensure_system_programs(data.setup_log)
        credentials = load_credentials(data)
        env = {"DATA_DIR": str(data.root), "SECRET_KEY": credentials.secret_key}
        env |= service_environment(data, credentials)
        with running_services(data, credentials, for_tests=True):
            failed = [] if arguments else _lint(env)
            exit_code = _run([str(PYTHON), "-m", "pytest", *arguments], env)
    if failed:
        complain(f"These checks failed (see above): {', '.join(failed)}.")
    return exit_code or bool(failed)


def _lint(env: dict[str, str]) -> list[str]:
    """Run every linter; return the names of those that complained."""
    failed = []
    for name, (program, *arguments) in _LINTERS.items():
        report(f"{name} …")
        if _run([str(VENV / "bin" / program), *arguments], env) != 0:
            failed.append(name)
    return failed


def _run(command: list[str], env: dict[str, str]) -> int:
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | env,
        preexec_fn=child_setup(our_account(), signal.SIGKILL),
    ) as process:
        try:
            return process.wait()
        finally:
            process.terminate()


def _ensure_system_programs(log_file: Path) -> None:
    packages = [
        package for program, package in _SYSTEM_PROGRAMS.items() if not shutil.which(program)
    ]
    if not packages:
        return
    command = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    if os.getuid() != 0 or not shutil.which("apt-get"):
        report(f"Tests that need {', '.join(packages)} are skipped: sudo {' '.join(command)}")
        return
    with step(f"Installing {', '.join(packages)}"):
        env = {"DEBIAN_FRONTEND": "noninteractive"}
        failure = "A package could not be installed"
        try:
            run_logged(["apt-get", "update"], log_file, failure=failure, env=env)
            run_logged(command, log_file, failure=failure, env=env)
        except LauncherError as error:
            report(f"    {error}")
