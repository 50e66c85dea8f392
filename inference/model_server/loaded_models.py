"""The embedding models of the server: that of the site always, others when they are asked for.

A model is read from its folder at the first request for it, and forgotten when it has not been
asked for during ``unload_after_s``. So two models are in memory only while an instance moves from
one to the other, or where instances use several.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.model_server.encoders import Encoder

logger = logging.getLogger(__name__)

Load = Callable[[Path], Encoder]


@dataclass(slots=True)
class _Loaded:
    encoder: Encoder
    used_at: float


@dataclass(frozen=True, slots=True)
class Text:
    """A text of one of the models: the payload of its encoder."""

    model: str
    payload: Any


class LoadedModels:
    """Encoders by the name of their model. Used on the event loop, but for ``encode``."""

    def __init__(
        self, folders: Mapping[str, Path], load: Load, *, default: str, unload_after_s: float
    ) -> None:
        self._folders, self._load = folders, load
        self._default, self._unload_after_s = default, unload_after_s
        self._loaded = {default: _Loaded(load(folders[default]), monotonic())}
        self._loading = asyncio.Lock()

    @property
    def default(self) -> Encoder:
        """The encoder of the model of the site."""
        return self._loaded[self._default].encoder

    def names(self) -> Iterator[tuple[str, Encoder | None]]:
        """Yield the models, each with its encoder if it is in memory."""
        for name in self._folders:
            held = self._loaded.get(name)
            yield name, held.encoder if held else None

    async def get(self, name: str) -> Encoder:
        """Return the encoder of a model, read from its folder if need be.

        Raises KeyError for a model that is not served, FileNotFoundError if it was not prepared.
        """
        folder = self._folders[name]
        async with self._loading:
            held = self._loaded.get(name)
            if held is None:
                encoder = await asyncio.to_thread(self._load, folder)
                held = self._loaded[name] = _Loaded(encoder, monotonic())
                logger.info("loaded %s", name)
            held.used_at = monotonic()
        return held.encoder

    def encode(self, texts: Sequence[Text]) -> NDArray[np.float32]:
        """Return the vectors of texts of one model."""
        held = self._loaded[texts[0].model]
        held.used_at = monotonic()
        return held.encoder.encode([text.payload for text in texts])

    async def unload_unused(self) -> None:
        """Forget, for ever, the models that are no longer asked for."""
        while True:
            await asyncio.sleep(self._unload_after_s / 4)
            async with self._loading:
                self._forget(monotonic() - self._unload_after_s)

    def _forget(self, since: float) -> None:
        for name in list(self._loaded):
            if name != self._default and self._loaded[name].used_at < since:
                del self._loaded[name]
                logger.info("unloaded %s", name)
