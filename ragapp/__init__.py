"""ragapp: wiring only (settings, URLs, ASGI, Celery); the logic lives in the packages below it."""

from ragapp.celery import app as celery_app

__all__ = ["celery_app"]
