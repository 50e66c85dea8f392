"""The sbatch script of a template: its placeholders, and the values for one job."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

_PLACEHOLDER = re.compile(r"\{\{\s*([A-Za-z_]*)\s*\}\}")
NAMES = ("token", "register_url", "api_key", "port", "model_path", "minutes")
# Without them, no job could become a server of its backend.
REQUIRED = ("token", "register_url")
_FIRST_PORT, _N_PORTS = 20_000, 20_000

# The form begins with this one. The token is not an argument, which others could read on the node.
EXAMPLE = """\
#!/bin/bash
#SBATCH --gres=gpu:1
#SBATCH --cpus-per-task=8
#SBATCH --output=ragapp-%j.log

export VLLM_API_KEY={{api_key}}
vllm serve {{model_path}} --port {{port}} &
server=$!

until curl --silent --fail --output /dev/null http://127.0.0.1:{{port}}/health; do
  kill -0 $server || exit 1
  sleep 5
done
curl --silent --show-error --fail --retry 5 --data @- {{register_url}} \\
  <<< "token={{token}}&address=$(hostname -f):{{port}}" || exit 1

wait $server
"""


@dataclass(frozen=True, slots=True)
class ScriptProblem:
    """What is wrong with a script: ``code`` is "shebang", "unknown" or "missing"."""

    code: str
    names: tuple[str, ...] = ()


def problem_of(script: str) -> ScriptProblem | None:
    """Return why sbatch, or the registration, would refuse a script; None if nothing is known."""
    if not script.startswith("#!"):
        return ScriptProblem("shebang")
    used = _PLACEHOLDER.findall(script)
    unknown = tuple(dict.fromkeys(name for name in used if name not in NAMES))
    if unknown:
        return ScriptProblem("unknown", unknown)
    missing = tuple(name for name in REQUIRED if name not in used)
    return ScriptProblem("missing", missing) if missing else None


def filled(script: str, values: Mapping[str, str]) -> str:
    """Return the script of one job; ``values`` has each of ``NAMES``."""
    return _PLACEHOLDER.sub(lambda found: values[found[1]], script)


def port_of(job_id: int) -> int:
    """Return the port of a job's server, so that jobs on one node rarely have the same."""
    return _FIRST_PORT + job_id % _N_PORTS
