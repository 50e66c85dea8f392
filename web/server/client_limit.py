"""A limit on the requests of one address under way, also behind a proxy."""

from collections import Counter

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from web.server.scope import Application, Receive, Refusal, Scope, Send, address_of, refuse

_TOO_MANY = Refusal(
    429,
    "too_many_requests",
    _("Too many requests came from you in a short time. Wait a minute, then try again."),
)


class ClientLimit:
    """An ASGI application that answers 429 to an address that has too many requests under way.

    ``web.server.http_protocol`` limits connections, which all come from one address behind a proxy.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self._under_way: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        address = address_of(scope) if scope["type"] == "http" else None
        if address is None:
            await self._application(scope, receive, send)
            return
        if self._under_way[address] >= settings.MAX_CONNECTIONS_PER_ADDRESS:
            await refuse(send, _TOO_MANY)
            return
        self._under_way[address] += 1
        try:
            await self._application(scope, receive, send)
        finally:
            self._under_way[address] -= 1
            if not self._under_way[address]:
                del self._under_way[address]
