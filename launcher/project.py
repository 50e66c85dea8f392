"""Where the project's own files are."""

from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
MANAGE = ROOT / "manage.py"


@cache
def site_packages() -> Path:
    """The virtual environment's site-packages directory (it must exist)."""
    return next(iter(sorted((VENV / "lib").glob("python3.*/site-packages"))))
