"""What outlasts the request that let it in is asked from time to time whether it may go on."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager

from django.db import InterfaceError, OperationalError

from instances.tenancy import in_database

logger = logging.getLogger(__name__)

CHECKED_EVERY_S = 5.0
ACCESS_ENDED = "access_ended"


class AccessEnded(Exception):
    """The person, or the key, lost the right to the instance meanwhile."""


@asynccontextmanager
async def while_allowed(may_go_on: Callable[[], bool]) -> AsyncGenerator[None, None]:
    """Run the block for as long as ``may_go_on``, a question to the database, says yes.

    Raises AccessEnded out of whatever the block is waiting for. With the database away it goes on.
    """
    block = asyncio.current_task()
    assert block is not None  # noqa: S101  # for mypy: async code runs in a task
    refused = False

    async def watch() -> None:
        nonlocal refused
        while not refused:
            await asyncio.sleep(CHECKED_EVERY_S)
            try:
                refused = not await in_database(may_go_on)
            except (OperationalError, InterfaceError):
                logger.warning("the database is away; rights are checked later")
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
