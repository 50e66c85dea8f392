"""The ASGI entry point that uvicorn serves."""

import gc
import os

from django.conf import settings
from django.core.asgi import get_asgi_application

if not settings.configured:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")
    os.environ.setdefault("PROCESS_KIND", "web")

django_application = get_asgi_application()

from accounts.saml.client import start_warm_up  # noqa: E402 (after the applications)
from ragapp.body_allowance import allowance_of  # noqa: E402 (after the applications)
from web.server.body_limit import BodyLimit  # noqa: E402 (after the applications)
from web.server.client_left import ClientWatch  # noqa: E402 (after the applications)
from web.server.client_limit import ClientLimit  # noqa: E402 (after the applications)

application = ClientWatch(ClientLimit(BodyLimit(django_application, allowance_of)))

# What is loaded by now stays: the garbage collector need not look at it during every answer.
gc.collect()
gc.freeze()

start_warm_up()
