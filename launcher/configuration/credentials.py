"""Keys and passwords generated once, at the first run, into ``secrets.json`` (mode 0600)."""

import json
import os
import secrets
from dataclasses import dataclass, fields

from launcher.configuration.data_dir import DataDir
from launcher.errors import LauncherError


@dataclass(frozen=True)
class Credentials:
    """Generated secrets; URL-safe characters only."""

    secret_key: str
    superuser_password: str
    owner_password: str
    app_password: str
    model_server_key: str


def load_credentials(data: DataDir) -> Credentials:
    """Read the secrets of ``data``, generating those that are not there yet."""
    stored: dict[str, str] = {}
    if data.secrets.exists():
        try:
            stored = json.loads(data.secrets.read_text())
        except (OSError, ValueError) as error:
            raise LauncherError(
                f"{data.secrets} cannot be read: restore it from a backup."
            ) from error
    names = [field.name for field in fields(Credentials)]
    generated = {name: secrets.token_urlsafe(48) for name in names if name not in stored}
    if generated:
        _write(data, stored | generated)
    return Credentials(**{name: (stored | generated)[name] for name in names})


def _write(data: DataDir, values: dict[str, str]) -> None:
    partial = data.secrets.with_suffix(".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(values, file, indent=1)
        file.flush()
        os.fsync(descriptor)
    partial.replace(data.secrets)
