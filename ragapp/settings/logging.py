"""How every process logs."""

from typing import Any

from ragapp.settings.environment import env

LOG_LEVEL: str = env.str("LOG_LEVEL", "INFO")
LOGGING_CONFIG = "web.log_lines.configure"
# No handler but one, no format but one: records cannot be forged (web.log_lines).
_TO_ROOT: dict[str, Any] = {"handlers": [], "propagate": True}
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "web.log_lines.SiteFormatter",
            "fmt": "%(asctime)s %(levelname)s %(name)s [%(correlation_id)s] %(message)s",
        }
    },
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # They bring handlers of their own.
        "django": _TO_ROOT,
        "django.server": _TO_ROOT,
        "uvicorn": _TO_ROOT,
        "uvicorn.error": _TO_ROOT,
        # No access log: a proxy keeps one where it is wanted.
        "uvicorn.access": _TO_ROOT | {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        "pypdf": {"level": "ERROR"},
        # pysaml2 logs what it reads, names included; accounts.saml says why a login was refused.
        "saml2": {"level": "CRITICAL"},
        "xmlschema": {"level": "WARNING"},
    },
}
