"""Celery: two queues so that parsing one document overlaps the embedding of another."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")

app = Celery("ragapp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
