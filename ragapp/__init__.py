"""ragapp: wiring only (settings, URLs, ASGI, Celery); the logic lives in the packages below it."""

import sys

# Imported by libraries wherever they are installed, and used by nothing here. In each process:
# redis-py's own metrics (45 ms, 3 MB), httpx's command line with rich and pygments (100 ms, 6 MB).
for unused in ("opentelemetry.sdk.metrics", "httpx._main"):
    sys.modules[unused] = None  # type: ignore[assignment]

from ragapp.celery import app as celery_app  # noqa: E402 (after the lines above)

__all__ = ["celery_app"]
