"""System checks of ingestion, for `./manage check --deploy`."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from ingestion.sandbox import lacking


@register("sandbox", deploy=True)
def check_sandbox(**_options: Any) -> list[CheckMessage]:
    """Name the protections that the process which reads uploaded files lacks on this machine."""
    line = lacking()
    if not line:
        return []
    if settings.SANDBOX_REQUIRED:
        return [
            Error(line, hint="SANDBOX_REQUIRED is set: nothing is parsed.", id="ingestion.E001")
        ]
    return [Warning(line, hint="SANDBOX_REQUIRED refuses to parse so.", id="ingestion.W001")]
