"""A whole ragapp of its own: ``./run`` on a free port, in a temporary data directory.

For benches and crash tests. The prepared model and the static files are those of ``MODELS_DIR`` and
``STATIC_ROOT``, else of a cache, so that a start takes seconds. The language model is a
``tests.scripted_llm``, over HTTP.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from launcher.configuration.data_dir import DataDir, open_data_dir
from launcher.processes.process import processes_of, sweep
from launcher.project import ROOT
from tests.scripted_llm import MODEL

CACHE = Path(os.environ.get("RAGAPP_TEST_CACHE", ROOT / "var" / "test-cache"))
READY_TIMEOUT_S = 600.0  # a limit for busy machines
POLL_S = 0.02
LLM_FIRST_TOKEN_MS = 50
# To measure the capacity of the site, without the limits of one person (usage.admission).
NO_LIMITS = {
    f"{limit}_PER_{whose}": "100000"
    for limit in ("ANSWERS_AT_ONCE", "QUESTIONS_PER_MINUTE")
    for whose in ("PERSON", "KEY", "INSTANCE")
} | {"STREAMS_PER_PERSON": "100000", "LLM_MAX_CONCURRENCY": "100000"}
CSRF_TOKEN = "c" * 32  # any value, the same in cookie and header

# People, keys and sessions are made as the application makes them, in one call of ./manage.
_PEOPLE = """
import json, sys
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from people.models import User
from instances.access.api_keys import create_api_key
from instances.models import Membership
from instances.organisations.creation import create_instance, create_organisation
from instances.tenancy import tenant
instance = create_instance(
    organisation=create_organisation(name="Université {slug}"), name="Banc {slug}", slug="{slug}"
)
# Each question must reach the model.
instance.reuses_answers = False
instance.save()
sessions = []
for number in range({n_people}):
    user = User.objects.create_user(username=f"{slug}-{{number}}")
    with tenant(instance):
        Membership.objects.create(instance=instance, user=user, role=Membership.Role.ADMIN)
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = "accounts.backends.PasswordBackend"
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    sessions.append(session.session_key)
key = create_api_key(instance=instance, name="bench", scope="manage", created_by=user)[1]
print(json.dumps({{"slug": instance.slug, "api_key": key, "sessions": sessions}}))
"""

# Runs the scripts that come in, one JSON string a line; answers what each printed, and its error.
_SHELL = """
import contextlib, io, json, sys, traceback
from django.db import connections
for line in sys.stdin:
    printed, error = io.StringIO(), ""
    try:
        with contextlib.redirect_stdout(printed):
            exec(json.loads(line), {"__name__": "__main__"})
    except Exception:
        error = traceback.format_exc()
    # PostgreSQL may be killed before the next one.
    connections.close_all()
    print(json.dumps([printed.getvalue(), error]), flush=True)
"""


@dataclass(frozen=True)
class Tenancy:
    """An instance with a key of all scopes, and the sessions of its people."""

    slug: str
    api_key: str
    sessions: tuple[str, ...]


@dataclass
class Stack:
    """A ``./run`` in the background; ``tenancy`` is there once ``add_people`` was called."""

    data: DataDir
    port: int
    env: dict[str, str]
    process: subprocess.Popen[str] | None = None
    tenancy: Tenancy = field(default=Tenancy("", "", ()))
    _shell: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> float:
        """Start ``./run``, wait until it is ready, and return the seconds that it took."""
        started = time.perf_counter()
        with (self.data.root / "progress").open("a") as progress:
            self.process = subprocess.Popen(
                [ROOT / "run", "--port", str(self.port), "--data-dir", self.data.root],
                env=self.env,
                stdout=progress,
                stderr=progress,
                text=True,
            )
        self.wait_ready()
        return time.perf_counter() - started

    def stop(self) -> None:
        """Stop it cleanly, as Ctrl-C does."""
        self.end_shell()
        if self.process is not None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=90)

    def wait_ready(self) -> None:
        """Wait until ``/readyz`` answers 200. Raises TimeoutError."""
        deadline = time.monotonic() + READY_TIMEOUT_S
        # One client: each new one reads the system's certificates, 25 ms.
        with httpx.Client(timeout=10) as client:
            while not self._is_ready(client):
                if self.process is None or self.process.poll() is not None:
                    raise RuntimeError(self.progress())
                if time.monotonic() > deadline:
                    raise TimeoutError(self.progress())
                time.sleep(POLL_S)

    def progress(self) -> str:
        """What ``./run`` has printed."""
        return (self.data.root / "progress").read_text()

    def manage(self, *arguments: str) -> str:
        """Run ``./manage`` and return what it printed."""
        command = [ROOT / "manage", "--data-dir", self.data.root, *arguments]
        result = subprocess.run(command, env=self.env, capture_output=True, text=True, check=False)
        if result.returncode:
            raise RuntimeError(result.stderr)
        return result.stdout

    def shell(self, script: str) -> str:
        """Run Python inside the application and return what it printed.

        One process runs all scripts, since its start takes seconds.
        """
        if self._shell is None:
            command = [ROOT / "manage", "--data-dir", self.data.root, "shell", "--no-imports"]
            self._shell = subprocess.Popen(
                [*command, "-c", _SHELL],
                env=self.env,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.write(f"{json.dumps(script)}\n")
        self._shell.stdin.flush()
        answer = self._shell.stdout.readline()
        if not answer:
            raise RuntimeError("./manage shell has ended")
        printed, error = json.loads(answer)
        if error:
            raise RuntimeError(error)
        return str(printed)

    def end_shell(self) -> None:
        """End the process that runs scripts."""
        if self._shell is not None:
            self._shell.communicate()
            self._shell = None

    def add_people(self, n_people: int = 1, slug: str = "banc") -> Tenancy:
        """Create an instance with a key and ``n_people`` members, logged in."""
        made = json.loads(self.shell(_PEOPLE.format(n_people=n_people, slug=slug)))
        self.tenancy = Tenancy(made["slug"], made["api_key"], tuple(made["sessions"]))
        return self.tenancy

    def api(self) -> httpx.Client:
        """A client of the HTTP API with the key."""
        headers = {"Authorization": f"Bearer {self.tenancy.api_key}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=60)

    def browser_headers(self, person: int = 0) -> dict[str, str]:
        """What the browser of a logged-in person sends with each request."""
        session = self.tenancy.sessions[person % len(self.tenancy.sessions)]
        return {
            "Cookie": f"sessionid={session}; csrftoken={CSRF_TOKEN}",
            "X-CSRFToken": CSRF_TOKEN,
            "Origin": self.url,
        }

    def pids(self, name: str = "*") -> list[int]:
        """The processes of one program, its children included."""
        return processes_of(self.data, name)

    def kill(self, name: str, number: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal, by default -9, to a program and its children."""
        for pid in self.pids(name):
            # Children of a killed parent may end by themselves meanwhile.
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def _is_ready(self, client: httpx.Client) -> bool:
        try:
            return client.get(f"{self.url}/readyz").status_code == 200
        except httpx.TransportError:
            return False


@contextmanager
def running_stack(
    *, llm_base_url: str = "", n_people: int = 1, env: dict[str, str] | None = None
) -> Iterator[Stack]:
    """Start a stack with its people; stop it and remove its files at the end.

    ``llm_base_url`` empty: answers are extracts. ``env`` adds settings.
    """
    root = Path(tempfile.mkdtemp(prefix="ragapp-stack-"))
    root.chmod(0o711)  # the database's account must pass through
    data = open_data_dir(root / "var")
    settings = {"LLM_BASE_URL": llm_base_url, "LLM_MODEL": MODEL} if llm_base_url else {}
    stack = Stack(data, free_port(), operator_environment() | settings | (env or {}))
    try:
        stack.start()
        stack.add_people(n_people)
        yield stack
        stack.stop()
    finally:
        stack.end_shell()
        if stack.process is not None:
            stack.process.kill()
            stack.process.wait()
        sweep(data)
        shutil.rmtree(root, ignore_errors=True)


@contextmanager
def paced_llm(*, tokens: int = 60, interval_ms: float = 20) -> Iterator[str]:
    """A scripted LLM in a process of its own; gives its base URL."""
    arguments = ["--first-token-ms", str(LLM_FIRST_TOKEN_MS), "--tokens", str(tokens)]
    arguments += ["--interval-ms", str(interval_ms)]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.scripted_llm", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip()
        finally:
            process.kill()


def free_port() -> int:
    """A free port on loopback."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port


def operator_environment() -> dict[str, str]:
    """The environment without the caller's services; model and static files are cached."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    caches = {"MODELS_DIR": str(CACHE / "models"), "STATIC_ROOT": str(CACHE / "static")}
    return kept | {name: os.environ.get(name, default) for name, default in caches.items()}
