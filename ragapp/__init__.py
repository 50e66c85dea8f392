"""ragapp: wiring only (settings, URLs, ASGI, Celery); the logic lives in the packages below it."""

import sys

# redis-py imports the metrics of OpenTelemetry wherever they are installed, for its own use: 45 ms
# and 3 MB in each process. Traces (usage.traces) do not need them.
sys.modules["opentelemetry.sdk.metrics"] = None  # type: ignore[assignment]

from ragapp.celery import app as celery_app  # noqa: E402 (after the line above)

__all__ = ["celery_app"]
