"""A parser under an attacker's control cannot leave the sandbox, as root and as another user."""

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

ROOT = Path(__file__).resolve().parents[3]
SECRET = "a-secret-of-the-worker"
# An ordinary user who owns root's files, so that whatever is refused is refused by the sandbox.
_AS_ORDINARY_USER = ["unshare", "--user", "--map-user=1000", "--map-group=1000"]
# Without Landlock and namespaces, so that seccomp alone refuses.
_ON_LESSER_KERNEL = [sys.executable, "-m", "tests.ingestion.sandbox.lesser_kernel"]
_PREFIXES = {
    "root": [],
    "ordinary": _AS_ORDINARY_USER if os.getuid() == 0 else [],
    "lesser-kernel": _ON_LESSER_KERNEL,
}
if os.getuid() != 0:
    del _PREFIXES["root"]

Attack = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module", params=_PREFIXES)
def worker(request: pytest.FixtureRequest) -> Iterator[subprocess.Popen[str]]:
    """A process that has files parsed, whose environment holds secrets."""
    with subprocess.Popen(
        [*_PREFIXES[request.param], sys.executable, "-m", "tests.ingestion.sandbox.attack_client"],
        cwd=ROOT,
        env=os.environ | {"SECRET_KEY": SECRET * 3, "DATABASE_OWNER_URL": SECRET},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        yield process
        process.stdin.close()  # type: ignore[union-attr]


@pytest.fixture
def attack(worker: subprocess.Popen[str], tmp_path: Path) -> Attack:
    """``attack(name, argument)``: the answer of `tests.ingestion.sandbox.attack_client`."""

    def run(
        name: str, argument: str = "", *, required: bool = False, **limits: int
    ) -> dict[str, Any]:
        file = tmp_path / "planted.txt"
        file.write_text(json.dumps({"attack": name, "argument": argument}))
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(json.dumps([str(file), limits, required]) + "\n")
        worker.stdin.flush()
        answer: dict[str, Any] = json.loads(worker.stdout.readline())
        return answer

    return run


def unconfined(name: str, argument: str = "") -> str:
    """Return the outcome of the same attack in a process that is not confined."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.ingestion.sandbox.attacks", name, argument],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


@pytest.fixture
def places(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Files, sockets and processes for attacks: a name in an argument -> what it stands for."""
    (tmp_path / "victim").write_text("another tenant's")
    with contextlib.ExitStack() as stack:
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        by_path = stack.enter_context(socket.socket(socket.AF_UNIX))
        abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
        name = f"ragapp-test-{os.getpid()}"
        by_path.bind(str(tmp_path / "socket"))
        abstract.bind(f"\0{name}")
        by_path.listen()
        abstract.listen()
        database = settings.DATABASES["default"]["OPTIONS"]["host"]
        yield {
            "{project}": str(ROOT),
            "{data}": str(settings.DATA_DIR),
            "{tmp}": str(tmp_path),
            "{port}": str(tcp.getsockname()[1]),
            "{socket}": str(tmp_path / "socket"),
            "{abstract}": f"@{name}",
            "{postgres}": f"{database}/.s.PGSQL.5432",
            "{tests}": str(os.getpid()),
        }


def filled(argument: str, places: dict[str, str]) -> str:
    for name, value in places.items():
        argument = argument.replace(name, value)
    return argument


# (attack, argument) that succeed outside the sandbox, for the user who runs the tests.
POSSIBLE_OUTSIDE = [
    ("read", "{project}/ragapp/settings/__init__.py"),
    ("read", "{data}/secrets.json"),
    ("read", "{tmp}/victim"),
    ("read", "/etc/passwd"),
    ("read", "/proc/self/environ"),
    ("read", "/proc/self/maps"),
    ("read", "/proc/{tests}/environ"),
    ("list", "/"),
    ("list", "."),
    ("list", "/proc/self/fd"),
    ("stat", "/etc/passwd"),
    ("stat", "{tmp}/victim"),
    ("write", "{tmp}"),
    ("mkdir", "{tmp}"),
    ("symlink", "{tmp}"),
    ("hard-link", "{tmp}"),
    ("chmod", "{tmp}"),
    ("remove", "{tmp}"),
    ("socket", "AF_INET"),
    ("socket", "AF_INET6"),
    ("socket", "AF_UNIX"),
    ("socket", "AF_NETLINK"),
    ("socket-pair", ""),
    ("connect-tcp", "{port}"),
    ("connect-unix", "{socket}"),
    ("connect-unix", "{abstract}"),
    ("connect-unix", "{postgres}"),
    ("fork", ""),
    ("thread", ""),
    ("spawn", "/bin/true"),
    ("signal-parent", ""),
    ("signal-everybody", ""),
    ("signal", "{tests}"),
    ("open-process", "{tests}"),
    ("stop-clock", ""),
    ("limits", ""),
    ("executable-memory", ""),
    ("load-library", "libutil.so.1"),
    ("memory-file", ""),
    ("shared-memory", ""),
    ("message-queue", ""),
    ("unshare", "0x10000000"),
]
# Those that need root, another kernel's settings, or would end whoever tries them.
OTHERS = [
    ("read", "/etc/shadow"),
    ("read", "/proc/1/environ"),
    ("read", "/proc/1/mem"),
    ("read", "/dev/kmsg"),
    ("list", "/proc/1/fd"),
    ("socket", "AF_PACKET"),
    ("socket", "AF_VSOCK"),
    ("execute", "/bin/true"),
    ("execute", "/usr/bin/su"),
    ("trace", "{tests}"),
    ("trace", "1"),
    ("read-memory", "{tests}"),
    ("read-memory", "1"),
    ("open-process", "1"),
    ("signal", "1"),
    ("mount", "{tmp}"),
    ("new-mount", ""),
    ("unshare", "0x20000"),
    ("unshare", "0x40000000"),
    ("change-root", ""),
    ("become-root", ""),
    ("join-groups", ""),
    ("bpf", ""),
    ("io-uring", ""),
    ("keyring", ""),
    ("performance", ""),
    ("fault-handler", ""),
    ("clone3", ""),
]


def names(attacks: list[tuple[str, str]]) -> list[str]:
    return [f"{name} {argument}".strip() for name, argument in attacks]


@pytest.mark.parametrize(
    ("name", "argument"), POSSIBLE_OUTSIDE + OTHERS, ids=names(POSSIBLE_OUTSIDE + OTHERS)
)
def test_attack_in_child_is_refused(
    attack: Attack, places: dict[str, str], name: str, argument: str
) -> None:
    answer = attack(name, filled(argument, places))

    assert answer.get("text", "").startswith("refused: "), answer
    assert (Path(places["{tmp}"]) / "victim").read_text() == "another tenant's"


@pytest.mark.parametrize(("name", "argument"), POSSIBLE_OUTSIDE, ids=names(POSSIBLE_OUTSIDE))
def test_attack_succeeds_outside_sandbox(places: dict[str, str], name: str, argument: str) -> None:
    assert unconfined(name, filled(argument, places)).startswith("got: ")


def test_environment_holds_no_secret(attack: Attack) -> None:
    environment = json.loads(attack("environment")["text"].removeprefix("got: "))

    assert set(environment) <= {"LANG", "LC_CTYPE", "MALLOC_ARENA_MAX", "OMP_THREAD_LIMIT",
                                "OPENBLAS_NUM_THREADS", "PATH",
                                "TOKENIZERS_PARALLELISM"}  # fmt: skip


def test_only_file_and_result_are_open(attack: Attack) -> None:
    found = json.loads(attack("descriptors")["text"].removeprefix("got: "))

    # The standard streams are /dev/null.
    assert sorted(found.values()) == ["file"] * 4 + ["pipe or socket"]


@pytest.mark.parametrize(
    ("name", "limits", "code"),
    [
        ("x32", {}, "parser_crashed"),
        ("wait", {"cpu_seconds": 1}, "parse_timeout"),
        ("wait", {"wall_seconds": 1}, "parse_timeout"),
        ("close-and-go-on", {}, "parser_crashed"),
        ("flood", {"max_result_bytes": 1 << 20}, "too_much_text"),
    ],
    ids=["x32", "cpu", "wall", "closed-result", "flood"],
)
def test_next_file_is_parsed_after_attack(
    attack: Attack, name: str, limits: dict[str, int], code: str
) -> None:
    assert attack(name, **limits)["error"] == code
    assert attack("environment")["text"].startswith("got: ")
