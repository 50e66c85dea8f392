"""Jobs of a real Slurm that fail, a controller that is unreachable, reconcilers that are killed."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.db import connection
from django.utils import timezone

from inference.models import JobTemplate, ServerJob
from inference.queueing.job_servers import job_servers
from inference.slurm.leases import lease_of
from inference.slurm.reconciliation import reconcile_all
from tests.fixtures.slurm import Slurm
from tests.fixtures.waiting import wait_until
from tests.inference.slurm.job_rows import Reason, Reconciled, State, jobs, states


def free_the_lease() -> None:
    """As if the time of the killed process's lease were over."""
    JobTemplate.objects.update(leased_until=timezone.now() - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"partition": "none"}, Reason.PARTITION),
        ({"wall_minutes": 90}, Reason.TIME_LIMIT),
        ({"script": "#!/bin/bash\n#SBATCH -o /dev/null\nexit 3 # {{token}}"}, Reason.ENDED_EARLY),
        ({"networks": "10.0.0.0/8"}, Reason.ADDRESS),
    ],
    ids=["partition", "wall-time", "script", "address"],
)
def test_failure_is_noted_and_releases_the_questions(
    template: JobTemplate,
    asks: Callable[[int], None],
    reconciled: Reconciled,
    configured: Slurm,
    fields: dict[str, Any],
    reason: ServerJob.Reason,
) -> None:
    for name, value in fields.items():
        setattr(template, name, value)
    template.save()
    asks(1)
    reconciled(lambda: states() == [State.ENDED])
    (job,) = jobs()
    assert job.reason == reason
    assert job.detail
    reconcile_all()
    assert job_servers(template.backend_id).is_failing
    assert (len(jobs()), configured.names()) == (1, [])
    # A change of the template is tried at once.
    template.save()
    reconciled(lambda: len(jobs()) == 2)


def test_job_that_does_not_register_in_time_is_cancelled(
    template: JobTemplate, asks: Callable[[int], None], reconciled: Reconciled, configured: Slurm
) -> None:
    template.script = "#!/bin/bash\n#SBATCH -o /dev/null\nexec sleep 600"
    template.save()
    asks(1)
    reconciled(lambda: states() == [State.RUNNING])
    assert jobs()[0].token_expires_at < timezone.now() + timedelta(minutes=6)
    ServerJob.objects.update(started_at=timezone.now() - timedelta(minutes=6))
    reconciled(lambda: states() == [State.ENDED])
    assert (jobs()[0].reason, configured.names()) == (Reason.LATE, [])


def test_job_that_is_killed_is_forgotten_and_replaced(
    template: JobTemplate, asks: Callable[[int], None], reconciled: Reconciled, configured: Slurm
) -> None:
    asks(1)
    reconciled(lambda: states() == [State.READY])
    configured.call("scancel", str(jobs()[0].slurm_id))
    reconciled(lambda: states()[0] == State.ENDED)
    assert jobs()[0].reason == Reason.CANCELLED
    reconciled(lambda: states() == [State.ENDED, State.READY])


def test_unreachable_controller_changes_no_row(
    template: JobTemplate,
    asks: Callable[[int], None],
    reconciled: Reconciled,
    configured: Slurm,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asks(1)
    reconciled(lambda: states() == [State.READY])
    wrong = configured.folder / "wrong.conf"
    text = (configured.folder / "slurm.conf").read_text()
    wrong.write_text(text.replace("munge.socket", "no.socket"))
    with monkeypatch.context() as patched:
        patched.setenv("SLURM_CONF", str(wrong))
        reconcile_all()
    template.refresh_from_db()
    assert (template.problem, states()) == (Reason.UNREACHABLE, [State.READY])
    assert job_servers(template.backend_id).servers
    reconcile_all()
    template.refresh_from_db()
    assert (template.problem, template.problem_detail) == ("", "")


def test_two_reconcilers_start_one_job(
    template: JobTemplate, asks: Callable[[int], None], reconciled: Reconciled, configured: Slurm
) -> None:
    asks(1)
    with lease_of(template) as lease:
        assert lease is not None
        reconcile_all()
        assert states() == []
    reconcile_all()
    reconcile_all()
    assert len(states()) == 1


KILLED = """
import sys, time
import django
django.setup()
from inference.slurm import commands
from inference.slurm.reconciliation import reconcile_all
from inference.slurm.scripts import EXAMPLE, port_of

submit = commands.submit

def submit_and_hang(*arguments, **more):
    if sys.argv[1] == "after":
        submit(*arguments, **more)
    print("here", flush=True)
    time.sleep(600)

commands.submit = submit_and_hang
reconcile_all()
"""


@pytest.mark.crash
@pytest.mark.parametrize("when", ["before", "after"])
def test_reconciler_killed_at_sbatch_leaves_neither_two_jobs_nor_none(
    template: JobTemplate,
    asks: Callable[[int], None],
    reconciled: Reconciled,
    configured: Slurm,
    when: str,
) -> None:
    asks(1)
    url = urlsplit(os.environ["DATABASE_URL"])
    url = url._replace(path=f"/{connection.settings_dict['NAME']}")
    env = os.environ | {
        "DJANGO_SETTINGS_MODULE": "ragapp.settings",
        "DATABASE_URL": url.geturl(),
        "SLURM_COMMAND_PREFIXES": "direct",
    }
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, when], env=env, stdout=subprocess.PIPE, text=True
    ) as reconciler:
        assert reconciler.stdout is not None
        assert reconciler.stdout.readline() == "here\n"
        reconciler.kill()
    (job,) = jobs()
    assert job.slurm_id is None
    assert (configured.names() == [job.name]) is (when == "after")
    # Its lease still counts.
    reconcile_all()
    assert jobs()[0].slurm_id is None or when == "after"
    free_the_lease()
    reconciled(lambda: states() == [State.READY])
    assert configured.names() == [job.name]


def test_row_that_was_never_submitted_ends_with_its_backend(
    template: JobTemplate, asks: Callable[[int], None]
) -> None:
    asks(1)
    ServerJob.objects.create(template=template, requested_at=timezone.now())
    template.backend.is_enabled = False
    template.backend.save()
    reconcile_all()
    assert states() == [State.ENDED]


def test_second_job_of_a_row_and_jobs_without_a_row_are_cancelled(
    template: JobTemplate, asks: Callable[[int], None], reconciled: Reconciled, configured: Slurm
) -> None:
    asks(1)
    reconciled(lambda: states() == [State.READY])
    name = jobs()[0].name
    for other in (name, f"ragapp-{template.key}-999999", "ragapp-00000000-1"):
        configured.call("sbatch", "-o", "/dev/null", f"--job-name={other}", "--wrap", "sleep 600")
    wait_until(lambda: len(configured.names()) == 4)
    reconciled(lambda: sorted(configured.names()) == sorted([name, "ragapp-00000000-1"]))
    assert states() == [State.READY]
