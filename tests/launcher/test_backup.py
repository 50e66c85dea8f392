"""The documented commands of a backup, run as they are printed."""

import re
import subprocess
import tarfile

import psycopg

from launcher.configuration.credentials import load_credentials
from launcher.project import ROOT
from launcher.services.embedded import running_services, service_environment

SESSION = "a-session-that-somebody-is-in"


def documented_commands():
    """The commands of docs/operations.md, as one script."""
    section = (ROOT / "docs" / "operations.md").read_text().partition("## Backup and restore")[2]
    block = re.search(r"\n\n((?:    .+\n)+)", section)
    assert block
    return block[1].replace("\n    ", "\n").strip()


def run(script, folder):
    """As an operator whose shell lets everybody read new files."""
    ended = subprocess.run(
        ["bash", "-euc", f"umask 022\n{script}"],
        cwd=folder,
        check=False,
        capture_output=True,
        text=True,
    )
    assert ended.returncode == 0, ended.stderr


def modes_below(folder):
    return {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir() if path.is_file()}


def test_backup_is_complete_and_readable_by_its_operator_only(data, nothing_left):
    folder = data.root.parent
    (folder / ".venv").symlink_to(ROOT / ".venv")
    (data.root / "files").mkdir(exist_ok=True)
    (data.root / "files" / "document").write_text("text")
    credentials = load_credentials(data)
    with running_services(data, credentials):
        owner = service_environment(data, credentials)["DATABASE_OWNER_URL"]
        with psycopg.connect(owner, autocommit=True) as connection:
            for table in ("django_session", "accounts_oidcsession", "people_user"):
                connection.execute(f"CREATE TABLE {table} (session_key text)")  # type: ignore[arg-type]
                connection.execute(
                    f"INSERT INTO {table} VALUES (%s)",  # type: ignore[arg-type]  # noqa: S608
                    [f"{SESSION}-{table}"],
                )
        run(f"{documented_commands()}\npg_restore --file=dump.sql ragapp.dump", folder)
    assert modes_below(folder) == {name: 0o600 for name in ("ragapp.dump", "files.tar", "dump.sql")}
    restore = folder / "restored"
    with tarfile.open(folder / "files.tar") as archive:
        archive.extractall(restore, filter="data")
        assert archive.getmember("var/secrets.json").mode & 0o777 == 0o600
    assert (restore / "var" / "files" / "document").read_text() == "text"
    assert (restore / "var" / "secrets.json").read_bytes() == (
        data.root / "secrets.json"
    ).read_bytes()
    dumped = (folder / "dump.sql").read_text()
    assert f"{SESSION}-people_user" in dumped
    assert f"{SESSION}-django_session" not in dumped
    assert f"{SESSION}-accounts_oidcsession" not in dumped
    assert "CREATE TABLE public.django_session" in dumped
