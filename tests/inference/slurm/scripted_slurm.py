"""The commands of Slurm as scripts, so that a test decides when one answers."""

from dataclasses import dataclass
from pathlib import Path

from tests.fixtures.waiting import wait_until

# A command that is held says that it is, and goes on when it is released.
_SCRIPT = """#!/bin/sh
cd {folder} || exit 1
hold() {{
  if mv "hold-$1" "held-$1" 2> /dev/null; then
    while test -e "held-$1"; do sleep 0.02; done
  fi
}}
{body}
"""
_SBATCH = """
for argument; do
  case $argument in --job-name=*) name=${argument#*=} ;; esac
done
number=$(($(cat last) + 1))
echo $number > last
cat > "script-$number"
hold sbatch
echo "$number@$name@RUNNING@main@30:00@None" >> jobs
hold answer
echo $number
"""
_SQUEUE = 'listed=$(cat jobs)\nhold squeue\necho "$listed"'
_SCANCEL = """
shift
for number; do
  sed -i "/^$number@/d" jobs
  echo $number >> cancelled
done
"""


@dataclass(frozen=True)
class ScriptedSlurm:
    """A folder with the commands, the jobs that they know, and the scripts that were submitted."""

    folder: Path

    def __post_init__(self) -> None:
        for name, body in (("sbatch", _SBATCH), ("squeue", _SQUEUE), ("scancel", _SCANCEL)):
            command = self.folder / name
            command.write_text(_SCRIPT.format(folder=self.folder, body=body))
            command.chmod(0o700)
        for name, text in (("jobs", ""), ("cancelled", ""), ("last", "0\n")):
            (self.folder / name).write_text(text)

    def hold(self, moment: str) -> None:
        """Hold the next command at this moment: "squeue", "sbatch" (no job yet), "answer"."""
        (self.folder / f"hold-{moment}").touch()

    def wait_for(self, moment: str) -> None:
        """Wait until a command is held."""
        wait_until((self.folder / f"held-{moment}").exists, moment)

    def release(self, moment: str) -> None:
        """Let the command that is held go on."""
        (self.folder / f"held-{moment}").unlink()

    def token(self, number: int) -> str:
        """The token in the script of a job; the script of the tests consists of it."""
        return (self.folder / f"script-{number}").read_text().split()[-1]

    def running(self) -> list[int]:
        """The numbers of the jobs that run."""
        return [int(line.split("@")[0]) for line in (self.folder / "jobs").read_text().splitlines()]

    def cancelled(self) -> list[int]:
        """The numbers of the jobs that were cancelled."""
        return [int(line) for line in (self.folder / "cancelled").read_text().split()]
