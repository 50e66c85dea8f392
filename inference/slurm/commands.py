"""The commands of Slurm: sbatch, squeue, scancel.

Their arguments have no character that a remote shell would interpret, so that a prefix may be
``ssh host``. The script goes through standard input: arguments are visible to other accounts. The
commands get no variable of ours, as sbatch would hand them over to the job.
"""

import logging
import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from inference.models import ServerJob
from inference.slurm.errors import SlurmFailed

logger = logging.getLogger(__name__)

COMMAND_TIMEOUT_S = 25
_PASSED_ON = ("PATH", "HOME", "USER", "LOGNAME", "SLURM_CONF", "SSH_AUTH_SOCK")
# States of jobs that have ended (squeue, "JOB STATE CODES").
_FINAL = frozenset(
    {
        *("BOOT_FAIL", "CANCELLED", "COMPLETED", "DEADLINE", "FAILED", "NODE_FAIL"),
        *("OUT_OF_MEMORY", "PREEMPTED", "REVOKED", "TIMEOUT"),
    }
)
_SHOWN_CHARS = 500
_NOT_FOUND_STATUS, _SSH_STATUS = 127, 255
# What the messages of sbatch, squeue and scancel contain, from the source of Slurm.
_MESSAGES: Sequence[tuple[ServerJob.Reason, str]] = (
    (ServerJob.Reason.PARTITION, r"invalid partition|partition.*not available"),
    (ServerJob.Reason.TIME_LIMIT, r"time limit"),
    (ServerJob.Reason.ACCOUNT, r"invalid account|permission|not permitted|invalid qos"),
    (
        ServerJob.Reason.UNREACHABLE,
        r"unable to contact|configuration source|connection (refused|timed out)|munge|socket",
    ),
)


@dataclass(frozen=True, slots=True)
class ListedJob:
    """A job in squeue; ``left_s`` is the rest of its wall time, None if it is not running."""

    slurm_id: int
    name: str
    state: str
    partition: str
    left_s: int | None
    reason: str

    @property
    def has_ended(self) -> bool:
        """Whether it is listed for a while after its end."""
        return self.state in _FINAL


def submit(prefix: str, *, name: str, script: str, partition: str, minutes: int) -> int:
    """Submit a job and return its number. Raises SlurmFailed.

    It is not started again after the failure of its node: its token has been used.
    """
    arguments = ["--parsable", "--no-requeue", f"--job-name={name}", f"--time={minutes}"]
    if partition:
        arguments.append(f"--partition={partition}")
    output = _run(prefix, ["sbatch", *arguments], script)
    found = re.search(r"^(\d+)(;|$)", output, re.MULTILINE)
    if found is None:
        raise SlurmFailed(ServerJob.Reason.REFUSED, f"sbatch: {output}")
    return int(found[1])


def list_jobs(prefix: str, key: str) -> list[ListedJob]:
    """Return the jobs of a template, also those that ended lately. Raises SlurmFailed."""
    output = _run(
        prefix, ["squeue", "--me", "--noheader", "--states=all", "--format=%i@%j@%T@%P@%L@%r"]
    )
    listed = []
    for line in output.splitlines():
        fields = line.strip().split("@", 5)
        if len(fields) == 6 and fields[0].isdecimal() and fields[1].startswith(f"ragapp-{key}-"):
            number, name, state, partition, left, reason = fields
            listed.append(ListedJob(int(number), name, state, partition, seconds(left), reason))
    return listed


def cancel(prefix: str, slurm_ids: Sequence[int]) -> None:
    """Cancel jobs; those that have ended are passed over. Raises SlurmFailed."""
    if slurm_ids:
        _run(prefix, ["scancel", "--quiet", *map(str, slurm_ids)])


def seconds(left: str) -> int | None:
    """Return a time of squeue, ``days-hours:minutes:seconds``, in seconds; None for a word."""
    found = re.fullmatch(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+)", left)
    if found is None:
        return None
    days, hours, minutes, rest = (int(part or 0) for part in found.groups())
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def _run(prefix: str, command: Sequence[str], script: str = "") -> str:
    if prefix not in settings.SLURM_COMMAND_PREFIXES:
        raise SlurmFailed(
            ServerJob.Reason.NO_COMMAND, f"“{prefix}” is not in SLURM_COMMAND_PREFIXES"
        )
    words = [*shlex.split(prefix), *command]
    try:
        done = subprocess.run(  # noqa: S603  # the prefix is one of the settings
            words,
            input=script,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=COMMAND_TIMEOUT_S,
            check=False,
            cwd=tempfile.gettempdir(),
            env={name: os.environ[name] for name in _PASSED_ON if name in os.environ}
            | {"LC_ALL": "C"},
        )
    except OSError as error:
        raise SlurmFailed(ServerJob.Reason.NO_COMMAND, f"{words[0]}: {error.strerror}") from error
    except subprocess.TimeoutExpired as error:
        message = f"{command[0]} has not ended after {COMMAND_TIMEOUT_S} s"
        raise SlurmFailed(ServerJob.Reason.NO_ANSWER, message) from error
    if done.returncode != 0:
        message = " ".join(f"{done.stderr} {done.stdout}".split())[:_SHOWN_CHARS]
        logger.warning("%s failed with %s: %s", command[0], done.returncode, message)
        raise SlurmFailed(_reason_of(done.returncode, message, bool(prefix)), message)
    return done.stdout.strip()


def _reason_of(status: int, message: str, is_remote: bool) -> ServerJob.Reason:
    if status == _NOT_FOUND_STATUS:
        return ServerJob.Reason.NO_COMMAND
    for reason, pattern in _MESSAGES:
        if re.search(pattern, message, re.IGNORECASE):
            return reason
    if is_remote and status == _SSH_STATUS:
        return ServerJob.Reason.UNREACHABLE
    return ServerJob.Reason.REFUSED
