"""Questions that come while others are being embedded share the next request.

With fifty people asking at once, a request for each costs the web process more than the answers do.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from inference.errors import InferenceError

Vectors = NDArray[np.float32]
EmbedTogether = Callable[[Sequence[str]], Awaitable[Vectors]]
EmbedAlone = Callable[[str], Awaitable[Vectors]]
_Waiting = tuple[str, asyncio.Future[Vectors]]

MAX_BATCH = 32


class QueryBatches:
    """Sends one request at a time, with all the questions that have come since the last.

    ``together`` embeds texts, (n, dim); ``alone`` one text, (dim,), and knows what to do with a
    difficult one. Belongs to one event loop.
    """

    def __init__(self, together: EmbedTogether, alone: EmbedAlone) -> None:
        self._together, self._alone = together, alone
        self._waiting: list[_Waiting] = []
        self._sender: asyncio.Task[None] | None = None

    async def embed(self, text: str) -> Vectors:
        """Return the vector of one question, (dim,). Raises InferenceError."""
        future: asyncio.Future[Vectors] = asyncio.get_running_loop().create_future()
        self._waiting.append((text, future))
        if self._sender is None:
            self._sender = asyncio.create_task(self._send())
        return await future

    async def _send(self) -> None:
        try:
            while self._waiting:
                batch = self._waiting[:MAX_BATCH]
                del self._waiting[:MAX_BATCH]
                await self._answer(batch)
        finally:
            self._sender = None

    async def _answer(self, batch: Sequence[_Waiting]) -> None:
        try:
            if len(batch) == 1:
                vectors = [await self._alone(batch[0][0])]
            else:
                vectors = list(await self._together([text for text, _ in batch]))
        except InferenceError as error:
            if len(batch) > 1 and error.permanent:
                # One of the texts may be at fault, too long for instance.
                await asyncio.gather(*(self._answer([waiting]) for waiting in batch))
            else:
                _fail(batch, error)
        except BaseException as error:
            _fail(batch, error)
            raise
        else:
            for (_, future), vector in zip(batch, vectors, strict=True):
                if not future.done():
                    future.set_result(vector)


def _fail(batch: Sequence[_Waiting], error: BaseException) -> None:
    for _, future in batch:
        if not future.done():
            future.set_exception(error)
