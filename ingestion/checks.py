"""System checks of ingestion, for `./manage check --deploy`."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from ingestion.sandbox import missing_protections_message


@register("sandbox", deploy=True)
def check_sandbox(**_options: Any) -> list[CheckMessage]:
    """Warn of protections missing on this machine for the process that reads uploaded files."""
    line = missing_protections_message()
    if not line:
        return []
    if settings.SANDBOX_REQUIRED:
        return [
            Error(line, hint="SANDBOX_REQUIRED is set: no file is parsed.", id="ingestion.E001")
        ]
    return [
        Warning(
            line, hint="With SANDBOX_REQUIRED, no file is parsed without them.", id="ingestion.W001"
        )
    ]
