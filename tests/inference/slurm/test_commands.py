"""The commands of Slurm, as a real one answers them."""

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from inference.models import ServerJob
from inference.slurm import commands
from inference.slurm.errors import SlurmFailed
from tests.fixtures.slurm import Slurm
from tests.fixtures.waiting import wait_until

Reason = ServerJob.Reason
SCRIPT = "#!/bin/bash\nenv > {output}.part\nmv {output}.part {output}\nsleep 600\n"


@pytest.fixture(autouse=True)
def direct(settings: Any) -> None:
    settings.SLURM_COMMAND_PREFIXES = [""]


def submit(name: str, script: str = "#!/bin/sh\nsleep 600\n", **more: Any) -> int:
    arguments = {"name": name, "script": script, "partition": "main", "minutes": 5}
    return commands.submit("", **(arguments | more))


def test_job_is_submitted_listed_and_cancelled(
    configured: Slurm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LLM_API_KEY", "sk-secret")
    output = tmp_path / "environment"
    number = submit("ragapp-aaaa-1", SCRIPT.format(output=output), partition="second")
    submit("ragapp-bbbb-1")
    wait_until(output.exists)
    # sbatch hands its environment over to the job.
    assert "sk-secret" not in output.read_text()
    assert f"SLURM_JOB_ID={number}" in output.read_text()
    (listed,) = commands.list_jobs("", "aaaa")
    assert (listed.slurm_id, listed.name, listed.state) == (number, "ragapp-aaaa-1", "RUNNING")
    assert (listed.partition, listed.has_ended) == ("second", False)
    assert listed.left_s is not None
    assert 0 < listed.left_s <= 300
    commands.cancel("", [number])
    commands.cancel("", [number])
    wait_until(lambda: commands.list_jobs("", "aaaa")[0].has_ended)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ({"partition": "none"}, Reason.PARTITION),
        ({"script": "echo no shebang"}, Reason.REFUSED),
    ],
    ids=["partition", "script"],
)
def test_refusal_of_sbatch_has_a_reason(
    configured: Slurm, wrong: dict[str, Any], reason: ServerJob.Reason
) -> None:
    with pytest.raises(SlurmFailed) as failure:
        submit("ragapp-cccc-1", **wrong)
    assert failure.value.reason == reason
    assert "sbatch: error" in str(failure.value)


def test_wall_time_above_that_of_the_partition_waits_for_ever(configured: Slurm) -> None:
    number = submit("ragapp-dddd-1", minutes=61)
    wait_until(lambda: commands.list_jobs("", "dddd")[0].reason == "PartitionTimeLimit")
    commands.cancel("", [number])


# As ssh does: the words are joined, a shell of the other side parses them, and it has an
# environment of its own.
_SSH_LIKE = """#!/bin/sh
[ "$1" = login ] || {{ echo "ssh: Could not resolve hostname $1" >&2; exit 255; }}
shift
exec env -i PATH={path} SLURM_CONF={conf} sh -c "$*"
"""


def test_commands_go_through_a_prefix_that_runs_them_elsewhere(
    configured: Slurm, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrapper = tmp_path / "not ssh"
    conf = configured.folder / "slurm.conf"
    wrapper.write_text(_SSH_LIKE.format(path=os.environ["PATH"], conf=conf))
    wrapper.chmod(stat.S_IRWXU)
    monkeypatch.delenv("SLURM_CONF")
    prefix, lost = f"'{wrapper}' login", f"'{wrapper}' elsewhere"
    settings.SLURM_COMMAND_PREFIXES = [prefix, lost]
    output = tmp_path / "environment"
    # The script comes whole, with what a shell would interpret.
    script = SCRIPT.format(output=output) + "# $HOME `id` 'é\n"
    job = {"name": "ragapp-eeee-1", "partition": "main", "minutes": 5}
    number = commands.submit(prefix, script=script, **job)
    wait_until(output.exists)
    (listed,) = commands.list_jobs(prefix, "eeee")
    assert (listed.slurm_id, listed.name, listed.state) == (number, "ragapp-eeee-1", "RUNNING")
    commands.cancel(prefix, [number])
    wait_until(lambda: commands.list_jobs(prefix, "eeee")[0].has_ended)

    for reason, failing in (
        (Reason.UNREACHABLE, lambda: commands.list_jobs(lost, "eeee")),
        (
            Reason.PARTITION,
            lambda: commands.submit(prefix, script=script, **job | {"partition": "none"}),
        ),
        (Reason.NO_COMMAND, lambda: commands.list_jobs("other ssh", "eeee")),
    ):
        with pytest.raises(SlurmFailed) as failure:
            failing()
        assert failure.value.reason == reason


def test_missing_commands_and_controllers_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.SLURM_COMMAND_PREFIXES = [""]
    with pytest.raises(SlurmFailed) as failure:
        commands.list_jobs("ssh elsewhere", "aaaa")
    assert failure.value.reason == Reason.NO_COMMAND
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SlurmFailed) as failure:
        commands.list_jobs("", "aaaa")
    assert failure.value.reason == Reason.NO_COMMAND
    squeue = tmp_path / "squeue"
    for text, status, reason in (
        ("slurm_load_jobs error: Unable to contact slurm controller", 1, Reason.UNREACHABLE),
        ("Access/permission denied", 1, Reason.ACCOUNT),
        ("bash: squeue: command not found", 127, Reason.NO_COMMAND),
    ):
        squeue.write_text(f"#!/bin/sh\necho '{text}' >&2\nexit {status}\n")
        squeue.chmod(stat.S_IRWXU)
        with pytest.raises(SlurmFailed) as failure:
            commands.list_jobs("", "aaaa")
        assert (failure.value.reason, text in str(failure.value)) == (reason, True)
    assert os.environ["PATH"] == str(tmp_path)


@pytest.mark.parametrize(
    ("left", "seconds"),
    [
        ("0:05", 5),
        ("4:59", 299),
        ("1:00:00", 3600),
        ("2-03:04:05", 183845),
        ("INVALID", None),
        ("UNLIMITED", None),
        ("NOT_SET", None),
    ],
)
def test_rest_of_the_wall_time_is_read(left: str, seconds: int | None) -> None:
    assert commands.seconds(left) == seconds
