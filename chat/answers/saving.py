"""Saves answers, also when the database is unavailable (docs/decisions/018-endings.md).

A finished answer is saved at once. While the database cannot be reached, the answer is also written
to a file, and its process tries again for some minutes; after that, or when the process is killed,
the reconciler saves it from the file. Saving an answer twice changes nothing.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

from django.db import IntegrityError, InterfaceError, OperationalError

from chat.answers import unsaved
from chat.answers.persistence import FinishedAnswer, SavedEnding, save_ending
from instances.conflicts import repeat_after_conflict
from instances.models import Instance
from instances.tenancy import in_database, tenant

logger = logging.getLogger(__name__)

R = TypeVar("R")

DATABASE_AWAY = (OperationalError, InterfaceError)
# How long a process tries again; after that, the reconciler saves the answer.
PATIENCE_S = 300.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 5.0


def save(finished: FinishedAnswer) -> SavedEnding | None:
    """Save a finished answer and its cost; return None when its instance is deleted."""
    try:
        return in_spite_of_deletions(finished.instance_id, partial(save_ending, finished))
    except IntegrityError:
        if Instance.objects.filter(pk=finished.instance_id).exists():
            raise
    logger.info("answer %s: its instance is deleted", finished.answer_id)
    return None


async def save_patiently(finished: FinishedAnswer) -> SavedEnding | None:
    """Asynchronous version of ``save``, which tries again while the database cannot be reached.

    Raises OperationalError or InterfaceError after ``PATIENCE_S``; the reconciler then saves it.
    """
    is_kept = False

    async def keep() -> None:
        nonlocal is_kept
        is_kept = True
        await asyncio.to_thread(_keep, finished)

    try:
        saved = await patiently(partial(save, finished), meanwhile=keep)
    except DATABASE_AWAY:
        raise
    except BaseException:
        # The process ends, or our code failed: the reconciler finds the file.
        _keep(finished)
        raise
    if is_kept:
        await asyncio.to_thread(_discard, finished)
    return saved


def save_kept() -> None:
    """Save the answers that their processes could not save; files that still fail are kept."""
    for finished in unsaved.kept():
        try:
            save(finished)
        except DATABASE_AWAY:
            raise
        except Exception:
            # One failure must not prevent the others from being saved.
            logger.exception("answer %s cannot be saved", finished.answer_id)
        else:
            logger.info("answer %s is saved from its file", finished.answer_id)
            _discard(finished)


def in_spite_of_deletions(
    instance_id: int, function: Callable[[], R], *, is_durable: bool = True
) -> R:
    """Call ``function`` in the tenant, again when a deletion at the same time made it fail."""

    def in_transaction() -> R:
        with tenant(instance_id, is_durable=is_durable):
            return function()

    return repeat_after_conflict(in_transaction)


async def patiently(
    function: Callable[[], R], *, meanwhile: Callable[[], Awaitable[None]] | None = None
) -> R:
    """Await ``function`` in a thread; tries again while the database cannot be reached.

    ``meanwhile`` is awaited after each failure. Raises the last error after ``PATIENCE_S``.
    """
    now = asyncio.get_running_loop().time
    deadline, pause_s = now() + PATIENCE_S, _FIRST_PAUSE_S
    while True:
        try:
            return await in_database(function)
        except DATABASE_AWAY:
            if meanwhile is not None:
                await meanwhile()
            if now() > deadline:
                raise
            logger.warning("the database cannot be reached; trying again in %.1f s", pause_s)
            await asyncio.sleep(pause_s)
            pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


async def save_progress_patiently(instance_id: int, function: Callable[[], R]) -> R:
    """Combine ``patiently`` and ``in_spite_of_deletions`` for what will soon be saved again."""
    save_soon = partial(in_spite_of_deletions, instance_id, function, is_durable=False)
    return await patiently(save_soon)


def _keep(finished: FinishedAnswer) -> None:
    try:
        unsaved.keep(finished)
    except OSError:
        logger.exception("answer %s cannot be written to a file", finished.answer_id)


def _discard(finished: FinishedAnswer) -> None:
    try:
        unsaved.discard(finished)
    except OSError:
        # The reconciler saves it again, which changes nothing.
        logger.exception("the file of answer %s cannot be deleted", finished.answer_id)
