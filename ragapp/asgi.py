"""The ASGI entry point that uvicorn serves."""

import gc
import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")

django_application = get_asgi_application()

from django.conf import settings  # noqa: E402 (after the applications)

from accounts.saml.start import start_warm_up  # noqa: E402 (after the applications)
from ragapp.body_limit import BodyLimit  # noqa: E402 (after the applications)

# A multipart request holds one file, and a few fields beside it.
_ROOM_FOR_FIELDS = 1 << 20

application = BodyLimit(django_application, settings.MAX_UPLOAD_BYTES + _ROOM_FOR_FIELDS)

# What is loaded by now stays: the garbage collector need not look at it during every answer.
gc.collect()
gc.freeze()

start_warm_up()
