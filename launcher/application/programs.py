"""The project's own processes: model server, demonstration LLM, workers, beat, web server."""

import http.client
import os
from dataclasses import dataclass
from pathlib import Path

from launcher.application.environment import Embedded
from launcher.configuration import inherited
from launcher.configuration.credentials import Credentials
from launcher.configuration.data_dir import DataDir
from launcher.configuration.operator_settings import setting
from launcher.processes.process import Program
from launcher.project import PYTHON, ROOT

# Each parser uses a core, in a process whose time Celery can limit. There are two at least, since
# one instance never occupies all (ingestion.turns). Embedding waits for the model server, in
# threads, which need little memory; its tasks are short, so that the reconciler runs in time.
_PARSERS = max(2, (os.cpu_count() or 2) // 2)
_EMBEDDERS = 3
_SOURCE_RUNS = 2
# Django's checks of the code load all pages, which workers do not have; each migration runs them.
_NO_CHECKS = {"CELERY_SKIP_CHECKS": "1"}
# ragapp.settings, which has the schedule of beat, does not load without these.
_UNUSED_BY_BEAT = {
    "DATABASE_URL": "postgresql:///unused-by-beat",
    "SECRET_KEY": "unused-by-beat-which-signs-nothing-and-checks-nothing",
}


@dataclass(frozen=True)
class Site:
    """Where the web server listens."""

    host: str
    port: int

    @property
    def reachable_host(self) -> str:
        """The host name by which this machine reaches it."""
        unspecified = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (compared)
        return unspecified.get(self.host, self.host)

    @property
    def url(self) -> str:
        host = {"127.0.0.1": "localhost", "::1": "localhost"}.get(
            self.reachable_host, self.reachable_host
        )
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}/"


def model_programs(data: DataDir, credentials: Credentials, embedded: Embedded) -> list[Program]:
    """Return the model server, and llama.cpp with ``--demo-llm``; they need no other service."""
    programs = []
    if port := embedded.models_port:
        own = inherited.plain(*inherited.MODELS) | {
            "MODELS_DIR": os.environ.get("MODELS_DIR", str(data.models)),
            "MODEL_SERVER_HOST": "127.0.0.1",
            "MODEL_SERVER_PORT": str(port),
            "MODEL_SERVER_API_KEY": credentials.model_server_key,
        }
        programs.append(_python("models", ["inference.model_server"], own, port, "/healthz"))
    if port := embedded.llm_port:
        command = ["inference.demo_llm", "--port", str(port)]
        programs.append(_python("llm", command, inherited.plain(), port, "/health"))
    return programs


def worker_programs(data: DataDir, env: dict[str, str]) -> list[Program]:
    """Return Celery's workers (parsing and embedding overlap) and Celery beat."""
    schedule = str(data.root / "beat-schedule")
    beat = ["celery", "-A", "ragapp.clock", "beat", "-s", schedule, "--pidfile="]
    parsers = int(setting("PARSE_SLOTS", str(_PARSERS)))
    embedders = int(setting("EMBED_SLOTS", str(_EMBEDDERS)))
    # Threads that wait for servers of sources, beside those that embed.
    sources = int(setting("SOURCE_RUNS_AT_ONCE", str(_SOURCE_RUNS)))
    env = env | {"PARSE_SLOTS": str(parsers), "EMBED_SLOTS": str(embedders)}
    # Without Slurm, its reconciler has nothing to do, and no process of its own.
    queues, of_slurm = ["embed", "default", "sources", "slurm"], []
    if setting("SLURM_COMMAND_PREFIXES", ""):
        of_slurm = [_worker("slurm", [queues.pop()], "threads", 1, env)]
    return [
        _worker("parse", ["parse"], "prefork", parsers, env),
        _worker("embed", queues, "threads", embedders + sources, env),
        *of_slurm,
        _python("beat", beat, _beat_environment(env)),
    ]


def _beat_environment(env: dict[str, str]) -> dict[str, str]:
    """Return the environment of beat, which sends names of tasks to the broker and no more."""
    given = inherited.plain(*inherited.BEAT)
    own = {name: env[name] for name in ("CELERY_BROKER_URL", "DATA_DIR") if name in env}
    return given | own | _UNUSED_BY_BEAT


def web_program(site: Site, env: dict[str, str]) -> Program:
    """Return the web server, which starts ``WEB_PROCESSES`` processes itself."""
    arguments = ["--host", site.host or "0.0.0.0", "--port", str(site.port)]  # noqa: S104 (as told)
    return Program(
        name="web",
        command=[str(PYTHON), "-m", "ragapp.web_server", *arguments],
        is_ready=lambda pid: http_status(site.reachable_host, site.port, "/healthz") == 200,
        env=inherited.settings() | env,
        cwd=ROOT,
    )


def http_status(host: str, port: int, path: str) -> int:
    """Return the status of ``GET path``; 0 when nothing answers."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", path, headers={"Host": "localhost"})
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def _worker(
    name: str, queues: list[str], pool: str, concurrency: int, env: dict[str, str]
) -> Program:
    arguments = ["-Q", ",".join(queues), "-n", f"{name}@%h", "-P", pool, "-c", str(concurrency)]
    arguments += ["--prefetch-multiplier", "1", "--without-gossip", "--without-mingle"]
    command = ["celery", "-A", "ragapp", "worker", *arguments]
    return _python(f"worker-{name}", command, inherited.settings() | env | _NO_CHECKS)


def _python(
    name: str, module: list[str], env: dict[str, str], port: int = 0, health: str = ""
) -> Program:
    return Program(
        name=name,
        command=[str(PYTHON), "-m", *module],
        is_ready=lambda pid: not port or http_status("127.0.0.1", port, health) == 200,
        env=env,
        cwd=Path(ROOT),
        start_timeout_s=120,
    )
