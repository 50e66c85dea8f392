"""The ASGI entry point that uvicorn serves."""

import os
import sys

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")

# A thread that has done its database work waits that long for a busy event loop to let it go on;
# Python's own 5 ms make most of an answer's delay when fifty people ask at once.
sys.setswitchinterval(0.0005)

django_application = get_asgi_application()

# The imports below need the applications that were loaded just above.
from django.conf import settings  # noqa: E402

from ragapp.body_limit import BodyLimit  # noqa: E402

# A multipart request holds one file, and a few fields beside it.
_ROOM_FOR_FIELDS = 1 << 20

application = BodyLimit(django_application, settings.MAX_UPLOAD_BYTES + _ROOM_FOR_FIELDS)
