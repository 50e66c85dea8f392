"""The ASGI entry point that uvicorn serves."""

import os
import sys

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")

# A thread that has done its database work waits that long for a busy event loop to let it go on;
# Python's own 5 ms make most of an answer's delay when fifty people ask at once.
sys.setswitchinterval(0.0005)

application = get_asgi_application()
