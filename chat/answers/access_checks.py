"""Ends an answer when the person or the API key loses access to the instance."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

from django.db import InterfaceError, OperationalError

from instances.tenancy import in_database

logger = logging.getLogger(__name__)

CHECKED_EVERY_S = 5.0
ACCESS_ENDED = "access_ended"


class AccessEnded(Exception):
    """The person or the key has lost access to the instance."""


@asynccontextmanager
async def while_allowed(is_allowed: Callable[[], bool]) -> AsyncGenerator[None, None]:
    """Run the block while ``is_allowed``, which queries the database, returns true.

    Access is checked every ``CHECKED_EVERY_S``. AccessEnded is raised where the block is waiting.
    The block continues while the database cannot be reached.
    """
    # Async code runs in a task.
    block = cast(asyncio.Task[Any], asyncio.current_task())
    refused = False

    async def watch() -> None:
        nonlocal refused
        while not refused:
            await asyncio.sleep(CHECKED_EVERY_S)
            try:
                refused = not await in_database(is_allowed)
            except (OperationalError, InterfaceError):
                logger.warning("the database cannot be reached; access will be checked later")
        block.cancel()

    watcher = asyncio.create_task(watch())
    try:
        yield
    except asyncio.CancelledError:
        if refused and block.uncancel() == 0:
            raise AccessEnded from None
        raise
    finally:
        watcher.cancel()
