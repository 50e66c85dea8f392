"""Missing protections are reported at each start, and refused where all are required."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
LESSER_KERNEL = [sys.executable, "-m", "tests.ingestion.sandbox.lesser_kernel"]
KERNELS = pytest.mark.parametrize(
    ("prefix", "is_lesser"), [([], False), (LESSER_KERNEL, True)], ids=["this", "lesser"]
)
LINE = "Protections missing on this machine for the process that reads uploaded files: "
REPORT = (
    "from launcher.installation.sandbox_check import reporting_missing_protections as r\n"
    "with r(): pass"
)


def run(command: list[str], *, text: str = "", **env: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | env,
        input=text,
        capture_output=True,
        text=True,
        check=False,
    )


@KERNELS
def test_log_line_names_missing_protections(prefix: list[str], is_lesser: bool) -> None:
    printed = run([*prefix, sys.executable, "-m", "ingestion.sandbox.probe"]).stdout

    assert printed.count("\n") == is_lesser
    assert printed.startswith(LINE if is_lesser else "")
    for name in ("namespaces", "Landlock"):
        assert (name in printed) == is_lesser
    assert "seccomp" not in printed


@KERNELS
@pytest.mark.parametrize("required", [False, True], ids=["optional", "required"])
def test_required_protections_refuse_to_parse(
    tmp_path: Path, prefix: list[str], is_lesser: bool, required: bool
) -> None:
    file = tmp_path / "a.txt"
    file.write_text(json.dumps({"attack": "environment", "argument": ""}))
    client = [*prefix, sys.executable, "-m", "tests.ingestion.sandbox.attack_client"]

    answer = json.loads(run(client, text=json.dumps([str(file), {}, required])).stdout)

    if is_lesser and required:
        assert answer["error"] == "sandbox_unavailable"
    else:
        assert answer["text"].startswith("got: ")


@KERNELS
@pytest.mark.parametrize("required", [False, True], ids=["optional", "required"])
def test_deployment_check(prefix: list[str], is_lesser: bool, required: bool) -> None:
    check = [sys.executable, "manage.py", "check", "--deploy", "--tag", "sandbox"]

    done = run([*prefix, *check], SANDBOX_REQUIRED=str(required))

    assert (done.returncode != 0) == (is_lesser and required)
    assert (LINE in done.stderr) == is_lesser


@KERNELS
@pytest.mark.parametrize("required", [False, True], ids=["optional", "required"])
def test_start_of_the_launcher(prefix: list[str], is_lesser: bool, required: bool) -> None:
    done = run([*prefix, sys.executable, "-c", REPORT], SANDBOX_REQUIRED=str(required))

    assert (done.returncode != 0) == (is_lesser and required)
    assert (LINE in done.stderr) == is_lesser


@KERNELS
def test_log_of_a_worker(prefix: list[str], is_lesser: bool) -> None:
    code = (
        "import types, logging; logging.basicConfig()\n"
        "from ragapp.celery import app, report_missing_protections\n"
        "app.amqp.queues.select(['parse'])\n"
        "report_missing_protections(sender=types.SimpleNamespace(app=app))"
    )

    assert (LINE in run([*prefix, sys.executable, "-c", code]).stderr) == is_lesser


THREAD_AND_FORK = """
import os, threading
from ingestion.sandbox import kernel, seccomp
kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
seccomp.deny_system_calls(may_start_threads={allowed})
try:
    thread = threading.Thread(target=print, args=("thread",), kwargs={{"flush": True}})
    thread.start()
    thread.join()
except RuntimeError:
    print("no thread", flush=True)
try:
    os.fork()
except OSError:
    print("no fork", flush=True)
"""


@pytest.mark.parametrize(("allowed", "outcome"), [(True, "thread"), (False, "no thread")])
def test_threads_are_allowed_to_some_children_and_processes_to_none(
    allowed: bool, outcome: str
) -> None:
    code = THREAD_AND_FORK.format(allowed=allowed)
    printed = run([sys.executable, "-c", code]).stdout
    assert printed.split("\n") == [outcome, "no fork", ""]
