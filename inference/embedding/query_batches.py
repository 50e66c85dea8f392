"""Questions that come while others are being embedded share the next request.

With fifty people asking at once, a request for each costs the web process more than the answers do.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from inference.errors import InferenceError

Embedded = TypeVar("Embedded")

MAX_BATCH = 32


class QueryBatches(Generic[Embedded]):
    """Sends one request at a time, with all the questions that have come since the last.

    ``together`` embeds texts, one result each, in order; ``alone`` one text, and knows what to do
    with a difficult one. Belongs to one event loop.
    """

    def __init__(
        self,
        together: Callable[[Sequence[str]], Awaitable[Sequence[Embedded]]],
        alone: Callable[[str], Awaitable[Embedded]],
    ) -> None:
        self._together, self._alone = together, alone
        self._waiting: list[tuple[str, asyncio.Future[Embedded]]] = []
        self._sender: asyncio.Task[None] | None = None

    async def embed(self, text: str) -> Embedded:
        """Return what one question becomes. Raises InferenceError, or whatever embedding raised."""
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
            # However this ends, nobody goes on waiting for it.
            for _, future in [*batch, *self._waiting]:
                future.cancel()
            self._waiting.clear()

    async def _answer(self, batch: Sequence[tuple[str, asyncio.Future[Embedded]]]) -> None:
        try:
            if len(batch) == 1:
                embedded: Sequence[Embedded] = [await self._alone(batch[0][0])]
            else:
                embedded = await self._together([text for text, _ in batch])
            answers = list(zip(batch, embedded, strict=True))
        except Exception as error:  # noqa: BLE001 (each question's own caller raises it)
            if len(batch) > 1 and isinstance(error, InferenceError) and error.permanent:
                # One of the texts may be at fault, too long for instance.
                await asyncio.gather(*(self._answer([waiting]) for waiting in batch))
                return
            for _, future in batch:
                if not future.done():
                    future.set_exception(error)
        else:
            for (_, future), result in answers:
                if not future.done():
                    future.set_result(result)
