"""Celery beat: it only sends tasks by name, so it loads none of Django's applications.

``celery -A ragapp.clock beat`` takes half the memory of a beat that imports the tasks.
"""

from celery import Celery
from celery.signals import setup_logging

from ragapp.celery import configure_from_settings

app = Celery("ragapp", fixups=[])
app.config_from_object("ragapp.settings", namespace="CELERY")
setup_logging.connect(configure_from_settings)
