"""The environment of the project's processes: the operator's settings, completed.

What the operator set, in the environment or in the file ``.env`` of the project, wins; a service
whose URL is set (``DATABASE_URL``, ``CELERY_BROKER_URL``, ``EMBEDDING_BASE_URL``) is not started
here. Every variable may also be given as ``NAME_FILE``.
"""

import ipaddress
import socket
from dataclasses import dataclass

from launcher.configuration.credentials import Credentials
from launcher.configuration.data_dir import DataDir
from launcher.configuration.inherited import BACKUP_URL, OWNER_URL
from launcher.configuration.operator_settings import is_set, setting
from launcher.configuration.ports import remembered_port
from launcher.errors import LauncherError
from launcher.services.embedded import service_environment, superuser_url

# What inference.demo_llm serves: two requests at once share its context.
# What tells that our model server serves it, and how the settings of its clients begin.
_SERVED_HERE = (
    ("RERANK_MODEL", "RERANK"),
    ("ENTAILMENT_MODEL", "ENTAILMENT"),
    ("TRANSCRIPTION_FOLDER", "TRANSCRIPTION"),
)
_DEMO_LLM = {
    "LLM_MODEL": "smollm2-135m-instruct",
    "LLM_LABEL": "SmolLM2 135M (demonstration)",
    "LLM_CONTEXT_WINDOW": "4096",
    "LLM_MAX_TOKENS": "512",
    "LLM_MAX_CONCURRENCY": "2",
    "LLM_ACTIVE_PARAMETERS_B": "0.135",
    "LLM_TOTAL_PARAMETERS_B": "0.135",
}


@dataclass(frozen=True)
class Embedded:
    """The services that the launcher starts, and the ports of those that need one."""

    database: bool
    broker: bool
    models_port: int | None
    llm_port: int | None


def embedded_services(data: DataDir, *, demo_llm: bool = False, are_up: bool = False) -> Embedded:
    """Return the services without a URL of the operator's; ``are_up`` when ``./run`` runs them.

    Raises LauncherError for settings that contradict each other.
    """
    if demo_llm and is_set("LLM_BASE_URL"):
        raise LauncherError("--demo-llm and LLM_BASE_URL exclude each other: drop one of them.")
    ours = not is_set("EMBEDDING_BASE_URL")
    return Embedded(
        database=not is_set("DATABASE_URL"),
        broker=not is_set("CELERY_BROKER_URL"),
        models_port=remembered_port(data, "models", is_up=are_up) if ours else None,
        llm_port=remembered_port(data, "llm", is_up=are_up) if demo_llm else None,
    )


def application_environment(
    data: DataDir,
    credentials: Credentials,
    embedded: Embedded,
    *,
    host: str = "127.0.0.1",
    site_url: str = "",
) -> dict[str, str]:
    """Return the variables to add to the environment of ``manage.py``, workers and web server.

    ``site_url`` is where the web server listens, for links when the operator names no address.
    """
    values = {"DATA_DIR": str(data.root), "PYTHONUNBUFFERED": "1"}
    for name, value in service_environment(data, credentials).items():
        if name == OWNER_URL:
            continue
        ours = embedded.database if name.startswith("DATABASE") else embedded.broker
        if ours and not is_set(name):
            values[name] = value
    if not is_set("SECRET_KEY"):
        values["SECRET_KEY"] = credentials.secret_key
    if site_url and not is_set("SITE_URL"):
        values["SITE_URL"] = site_url
    if not is_set("ALLOWED_HOSTS"):
        values["ALLOWED_HOSTS"] = ",".join(_names_of_this_host(host))
    if embedded.models_port:
        values["EMBEDDING_BASE_URL"] = f"http://127.0.0.1:{embedded.models_port}/v1"
        values["EMBEDDING_API_KEY"] = credentials.model_server_key
        for served, prefix in _SERVED_HERE:
            if is_set(served) and not is_set(f"{prefix}_BASE_URL"):
                values[f"{prefix}_BASE_URL"] = values["EMBEDDING_BASE_URL"]
                values[f"{prefix}_API_KEY"] = credentials.model_server_key
    if embedded.llm_port:
        values["LLM_BASE_URL"] = f"http://127.0.0.1:{embedded.llm_port}/v1"
        values |= _DEMO_LLM
    return values


def owner_environment(
    data: DataDir, credentials: Credentials, embedded: Embedded
) -> dict[str, str]:
    """Return the variable that ``migrate`` needs besides: the URL of the tables' owner."""
    ours = service_environment(data, credentials)[OWNER_URL]
    # An operator's own database may have one role for all (docs/decisions/008).
    default = ours if embedded.database else setting("DATABASE_URL", "")
    return {OWNER_URL: setting(OWNER_URL, default)}


def backup_environment(
    data: DataDir, credentials: Credentials, embedded: Embedded
) -> dict[str, str]:
    """Return the variable that backups need besides: the URL of a role that sees every row."""
    default = superuser_url(data, credentials) if embedded.database else ""
    return {BACKUP_URL: setting(BACKUP_URL, default)}


def _names_of_this_host(host: str) -> list[str]:
    """Return the names of this site for browsers: loopback, and this host when it is served."""
    names = ["localhost", "127.0.0.1", "[::1]"]
    if host in ("", "0.0.0.0", "::"):  # noqa: S104 (compared, not bound)
        names += [socket.gethostname(), socket.getfqdn(), *_addresses()]
    else:
        names.append(f"[{host}]" if ":" in host else host)
    return list(dict.fromkeys(names))


def _addresses() -> list[str]:
    try:
        found = socket.getaddrinfo(socket.gethostname(), None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    addresses = [ipaddress.ip_address(str(entry[4][0]).partition("%")[0]) for entry in found]
    return [f"[{address}]" if address.version == 6 else str(address) for address in addresses]
