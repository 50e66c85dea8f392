"""Embed in one request all questions that arrive while another request is under way.

With fifty questions at once, one request each would cost the web process more than the answers.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from inference.errors import InferenceError

Embedded = TypeVar("Embedded")

MAX_BATCH = 32


class QueryBatches(Generic[Embedded]):
    """Sends one request at a time, with all questions that have arrived since the last one.

    ``embed_batch`` embeds several texts and returns one result each, in order. ``embed_one`` embeds
    one text; it is called for each text if ``embed_batch`` fails. Belongs to one event loop.
    """

    def __init__(
        self,
        embed_batch: Callable[[Sequence[str]], Awaitable[Sequence[Embedded]]],
        embed_one: Callable[[str], Awaitable[Embedded]],
    ) -> None:
        self._embed_batch, self._embed_one = embed_batch, embed_one
        self._waiting: list[tuple[str, asyncio.Future[Embedded]]] = []
        self._sender: asyncio.Task[None] | None = None

    async def embed(self, text: str) -> Embedded:
        """Return the result for one question. Raises InferenceError, or what embedding raised."""
        future: asyncio.Future[Embedded] = asyncio.get_running_loop().create_future()
        self._waiting.append((text, future))
        if self._sender is None:
            self._sender = asyncio.create_task(self._send())
        return await future

    async def _send(self) -> None:
        batch: list[tuple[str, asyncio.Future[Embedded]]] = []
        try:
            while self._waiting:
                batch = self._waiting[:MAX_BATCH]
                del self._waiting[:MAX_BATCH]
                await self._answer(batch)
        finally:
            self._sender = None
            # Whatever the error, no caller is left waiting.
            for _, future in [*batch, *self._waiting]:
                future.cancel()
            self._waiting.clear()

    async def _answer(self, batch: Sequence[tuple[str, asyncio.Future[Embedded]]]) -> None:
        try:
            if len(batch) == 1:
                embedded: Sequence[Embedded] = [await self._embed_one(batch[0][0])]
            else:
                embedded = await self._embed_batch([text for text, _ in batch])
            answers = list(zip(batch, embedded, strict=True))
        except Exception as error:  # noqa: BLE001 (each question's own caller raises it)
            if len(batch) > 1 and isinstance(error, InferenceError) and error.permanent:
                # One of the texts may be the cause, for example if it is too long.
                await asyncio.gather(*(self._answer([waiting]) for waiting in batch))
                return
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
        else:
            for (_, future), result in answers:
                if not future.done():
                    future.set_result(result)
