"""What the operator set, in the environment or in the file ``.env`` of the project.

Every variable may also be given as ``NAME_FILE``, the path of a file that holds the value.
"""

import os
from pathlib import Path

from launcher.errors import LauncherError


def load_env_file(path: Path) -> None:
    """Add the ``NAME=value`` lines of ``path``, if it exists, to this process's environment."""
    if not path.exists():
        return
    for number, line in enumerate(path.read_text().splitlines(), 1):
        name, separator, value = line.removeprefix("export ").partition("=")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not separator:
            raise LauncherError(f"{path}, line {number}: NAME=value was expected.")
        value = value.strip()
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        os.environ.setdefault(name.strip(), value)


def is_set(name: str) -> bool:
    """Whether the operator gave ``name`` (or ``NAME_FILE``) a value."""
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def setting(name: str, default: str) -> str:
    """Return the value of ``name`` or the content of ``NAME_FILE``, otherwise ``default``."""
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text().strip()
    return os.environ.get(name) or default
