"""Where settings come from: environment variables, each also as ``NAME_FILE``; two directories."""

from pathlib import Path

from environs import FileAwareEnv

env = FileAwareEnv()
BASE_DIR = Path(__file__).resolve().parents[2]
DATA_DIR: Path = env.path("DATA_DIR", BASE_DIR / "var").resolve()
