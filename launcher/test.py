"""``./test``: linters and tests, on a temporary PostgreSQL and Valkey."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from launcher.configuration.credentials import load_credentials
from launcher.configuration.data_dir import open_data_dir
from launcher.configuration.inherited import BACKUP_URL
from launcher.errors import LauncherError
from launcher.installation.node_packages import NODE_MODULES, node
from launcher.installation.setup import set_up_project
from launcher.processes.account import child_setup, our_account
from launcher.processes.tools import run_logged
from launcher.progress import report, report_error, step
from launcher.project import PYTHON, ROOT, VENV
from launcher.services.embedded import running_services, service_environment, superuser_url

# What tests need and pip cannot bring: a program or a file -> Debian packages. SimpleSAMLphp wants
# a web server; without one that does not start by itself, apt would bring Apache.
_SYSTEM_PACKAGES = {
    "chromium": ("chromium",),
    "xmlsec1": ("xmlsec1", "libxmlsec1-openssl"),
    "/usr/share/simplesamlphp/www": (
        *("simplesamlphp", "mini-httpd", "php-cgi", "php-cli"),
        *("php-curl", "php-mbstring", "php-sqlite3", "php-xml"),
    ),
    "slurmctld": ("slurm-wlm", "munge"),
}
_PATH = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin"
# Tests wait more than they compute: one process more than cores, each with a database of its own.
_SHARED_WORK = ["--numprocesses", str(min((os.cpu_count() or 1) + 1, 4))]
_PYTHON_LINTERS = {
    "ruff (lint)": ["ruff", "check", "."],
    "ruff (format)": ["ruff", "format", "--check", "."],
    "mypy": ["mypy", "."],
    "import-linter": ["lint-imports"],
    "migrations": ["python", "manage.py", "makemigrations", "--check", "--dry-run"],
    "djlint": ["djlint", "--lint", "--quiet", "templates"],
}
_NODE_LINTERS = {
    "biome": ["@biomejs/biome/bin/biome", "ci", "static", "launcher", "tests/js"],
    "tsc": ["typescript/bin/tsc"],
}


def test(arguments: list[str]) -> int:
    """Run linters and all tests, or pytest alone with ``arguments``; return the exit code."""
    with tempfile.TemporaryDirectory(prefix="ragapp-test-") as temporary:
        # The account of the database must be able to pass through.
        Path(temporary).chmod(0o711)
        data = open_data_dir(Path(temporary) / "var")
        set_up_project(data.setup_log, dev=True)
        _ensure_system_programs(data.setup_log)
        credentials = load_credentials(data)
        env = {"DATA_DIR": str(data.root), "SECRET_KEY": credentials.secret_key}
        env |= service_environment(data, credentials)
        env[BACKUP_URL] = superuser_url(data, credentials)
        command = [str(PYTHON), "-m", "pytest", *(arguments or _SHARED_WORK)]
        with running_services(data, credentials, for_tests=True), _started(command, env) as tests:
            # Beside the tests, which often wait.
            failed = [] if arguments else _lint(env, node(data.setup_log))
            exit_code = tests.wait()
    if failed:
        report_error(f"These checks failed (see above): {', '.join(failed)}.")
    return exit_code or bool(failed)


def _lint(env: dict[str, str], node_program: str) -> list[str]:
    """Run every linter, and the tests of scripts; return the names of those that failed.

    Only what failed is printed, at once.
    """
    failed = []
    for name, command in _linters(node_program).items():
        with _started(command, env, output=subprocess.PIPE) as linter:
            output, _ = linter.communicate()
        if linter.returncode != 0:
            report(f"\n{name} failed:\n{output}")
            failed.append(name)
    return failed


def _linters(node_program: str) -> dict[str, list[str]]:
    """The commands, by name."""
    script_tests = [str(path) for path in sorted(ROOT.glob("tests/js/**/*.test.js"))]
    return {
        **{
            name: [str(VENV / "bin" / program), *arguments]
            for name, (program, *arguments) in _PYTHON_LINTERS.items()
        },
        **{
            name: [node_program, str(NODE_MODULES / program), *arguments]
            for name, (program, *arguments) in _NODE_LINTERS.items()
        },
        "node --test": [node_program, "--test", "--test-reporter=dot", *script_tests],
    }


@contextlib.contextmanager
def _started(
    command: list[str], env: dict[str, str], *, output: int | None = None
) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=os.environ | env,
        stdout=output,
        stderr=output and subprocess.STDOUT,
        text=True,
        preexec_fn=child_setup(our_account(), signal.SIGKILL),
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def _ensure_system_programs(log_file: Path) -> None:
    """Install the missing programs, if this account may; otherwise print how to do it."""
    missing = [
        ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
        for wanted, packages in _SYSTEM_PACKAGES.items()
        # shutil.which() takes files only. The path of an ordinary account lacks /usr/sbin.
        if not (shutil.which(wanted, path=_PATH) or Path(wanted).is_dir())
    ]
    if not missing:
        return
    if os.getuid() != 0 or not shutil.which("apt-get"):
        for command in missing:
            report(f"Tests that need {command[4]} are skipped: sudo {' '.join(command)}")
        return
    env = {"DEBIAN_FRONTEND": "noninteractive"}
    for command in [["apt-get", "update"], *missing]:
        with step(" ".join(command[:2] + command[4:])):
            try:
                run_logged(command, log_file, failure="It failed", env=env)
            except LauncherError as error:
                report(f"    {error}")
