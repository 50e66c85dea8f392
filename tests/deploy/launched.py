"""What ``./run`` starts, to compare with: the commands of its processes, and all settings."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from unittest.mock import patch

from launcher.application.environment import Embedded, application_environment
from launcher.application.programs import Site, model_programs, web_program, worker_programs
from launcher.configuration.credentials import load_credentials
from launcher.configuration.data_dir import open_data_dir
from launcher.project import ROOT

DEPLOY = ROOT / "deploy"
# Of processes, and not of .env.example: Python's, PostgreSQL's, Kubernetes', the model server's.
NO_SETTINGS = {
    *("CELERY_SKIP_CHECKS", "PYTHONUNBUFFERED", "POD_IP"),
    *("MODEL_SERVER_HOST", "MODEL_SERVER_PORT", "MODEL_SERVER_API_KEY"),
}
# Where a process keeps its files, or listens, differs.
_PLACES = {"-s", "--host"}
_EMBEDDED = Embedded(database=True, broker=True, models_port=8010, llm_port=None)


def commands(folder: Path) -> dict[str, list[str]]:
    """The commands of ``./run``, without the name of Python, by process."""
    data = open_data_dir(folder / "var")
    credentials = load_credentials(data)
    with patch.dict(os.environ, {"PARSE_SLOTS": "2", "EMBED_SLOTS": "3"}):
        env = application_environment(data, credentials, _EMBEDDED)
        programs = [
            *model_programs(data, credentials, _EMBEDDED),
            *worker_programs(data, env),
            web_program(Site("127.0.0.1", 8000), env),
        ]
    return {program.name: comparable(program.command[1:]) for program in programs}


def comparable(command: Sequence[str]) -> list[str]:
    """A command without the places of its files and addresses."""
    return [part for at, part in enumerate(command) if at == 0 or command[at - 1] not in _PLACES]


def unknown_settings(names: Sequence[str] | Mapping[str, str]) -> set[str]:
    """Those of the variables that ragapp does not read."""
    known = set(re.findall(r"^#([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    return {name.removesuffix("_FILE") for name in names} - known - NO_SETTINGS
