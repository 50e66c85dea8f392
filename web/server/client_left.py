"""Stops the queries of a request whose client has disconnected."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from web.server.client_queries import Client, serving
from web.server.scope import Application, Message, Receive, Scope, Send, path_of

_SAFE_METHODS = frozenset({"GET", "HEAD"})
# POST only because they contain a question; the figures that they save are not cancelled.
_READING_PATHS = frozenset(
    {"/api/v1/search", "/v1/chat/completions", "/v1/embeddings", "/v1/responses"}
)
# No tool of the MCP server writes.
_READING_ROOT = "/mcp/"
# Each cancellation opens a connection to the server.
_executor = ThreadPoolExecutor(max_workers=4, thread_name_prefix="cancel")


class ClientWatch:
    """An ASGI application that stops the queries of requests whose client disconnects."""

    def __init__(self, application: Application) -> None:
        self._application = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not _only_reads(scope):
            await self._application(scope, receive, send)
            return
        client = Client()
        is_answered = False

        async def watched_receive() -> Message:
            message = await receive()
            # Servers send the same message after a complete response.
            if message["type"] == "http.disconnect" and not is_answered:
                asyncio.get_running_loop().run_in_executor(_executor, client.leave)
            return message

        async def watched_send(message: Message) -> None:
            nonlocal is_answered
            if message["type"] == "http.response.body" and not message.get("more_body"):
                is_answered = True
            await send(message)

        with serving(client):
            await self._application(scope, watched_receive, watched_send)


def _only_reads(scope: Scope) -> bool:
    path = path_of(scope)
    is_reading = path in _READING_PATHS or path.startswith(_READING_ROOT)
    return scope["method"] in _SAFE_METHODS or is_reading
