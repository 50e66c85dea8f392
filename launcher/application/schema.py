"""Migrations at start, and the first administrator."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

from launcher.configuration.data_dir import DataDir
from launcher.configuration.inherited import settings
from launcher.errors import LauncherError
from launcher.installation.stamps import fingerprint, is_fresh, write_stamp
from launcher.processes.tools import run_logged
from launcher.progress import step
from launcher.project import MANAGE, PYTHON, ROOT


@dataclass(frozen=True)
class Administrator:
    """The first administrator's credentials; the password must be changed at first login."""

    username: str
    password: str


def migrate(data: DataDir, env: dict[str, str], *, embedded: bool) -> None:
    """Apply the migrations that are missing; ``env`` has the owner's URL.

    The embedded database has a stamp, which backups include, so that a start without new
    migrations takes no time; an operator's own database is checked each time.
    """
    stamp = _migrated(data)
    digest = fingerprint([*ROOT.glob("*/migrations/*.py"), ROOT / "requirements.txt"])
    if embedded and is_fresh(stamp, digest):
        return
    with step("Bringing the database up to date"):
        run_logged(
            [str(PYTHON), str(MANAGE), "migrate", "--database", "owner", "--no-input"],
            data.setup_log,
            failure="The database could not be migrated",
            env=settings() | env,
        )
    if embedded:
        write_stamp(stamp, digest)


def forget_migrations(data: DataDir) -> None:
    """Have the next start migrate: a backup may be of an older release."""
    _migrated(data).unlink(missing_ok=True)


def _migrated(data: DataDir) -> Path:
    return data.postgres / "ragapp-migrated"


def first_administrator(
    data: DataDir, env: dict[str, str], *, embedded: bool
) -> Administrator | None:
    """Create the first administrator unless there is a user; None when there is nothing to show.

    The credentials are stored until `forget_credentials`, so that a failed start does not lose
    them.
    """
    if data.first_credentials.exists():
        return Administrator(**json.loads(data.first_credentials.read_text()))
    stamp = data.postgres / "ragapp-administrator"
    if embedded and stamp.exists():
        return None
    result = subprocess.run(
        [str(PYTHON), str(MANAGE), "createfirstadministrator"],
        cwd=ROOT,
        env=settings() | env,
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        reason = result.stderr.strip().rpartition("\n")[2]
        raise LauncherError(f"The first administrator could not be created: {reason}")
    made = json.loads(result.stdout)
    if made:
        data.first_credentials.touch(mode=0o600)
        data.first_credentials.write_text(result.stdout)
    if embedded:
        write_stamp(stamp, "")
    return Administrator(**made) if made else None


def forget_credentials(data: DataDir) -> None:
    """Delete the credentials of the first administrator, once they have been shown."""
    data.first_credentials.unlink(missing_ok=True)
