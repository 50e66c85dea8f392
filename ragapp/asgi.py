"""The ASGI entry point that uvicorn serves."""

import gc
import os
from importlib import import_module

import django
from django.conf import settings

if not settings.configured:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")
    os.environ.setdefault("PROCESS_KIND", "web")

django.setup(set_prefix=False)

from ragapp.body_allowance import allowance_of, is_streamed  # noqa: E402 (after the applications)
from web.server.body_limit import BodyLimit  # noqa: E402 (after the applications)
from web.server.client_left import ClientWatch  # noqa: E402 (after the applications)
from web.server.client_limit import ClientLimit  # noqa: E402 (after the applications)
from web.server.django_handler import DjangoHandler  # noqa: E402 (after the applications)

application = ClientWatch(ClientLimit(BodyLimit(DjangoHandler(is_streamed), allowance_of)))

# The views too, which otherwise each process would load anew for its first request.
import_module(settings.ROOT_URLCONF)

# All that is loaded by now stays: the garbage collector no longer scans it, nor does it unshare the
# memory of forked processes (ragapp.web_server).
gc.collect()
gc.freeze()
