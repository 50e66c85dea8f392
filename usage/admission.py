"""Limits on questions and streams, for each person, API key and instance.

    RequestRefused      has a message that names the limit, and the seconds to wait
      LimitReached      of questions or streams
      QuotaReached      of a quota (``usage.quotas``)

Questions (of the browser, of ``/v1`` and of ``/api/v1/search``) have two limits: simultaneous ones,
and those of the last minute. The questions of a key count for its person too.
Streams of server-sent events are limited for each person and in total. An ``Admission`` is held
until the question or the stream ends (``held``).

The order of admitted requests: ``inference.fair_turns``. The reasons: decision 016.
"""

import asyncio
import math
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import uuid4

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from prometheus_client import Counter

from usage.limits import Full, Limit, release, renew, take

# How long the places of a killed process stay taken. They are renewed three times as often.
LEASE_S = 30.0
_RENEWED_EVERY_S = LEASE_S / 3
_MINUTE_S = 60.0
# The end of an answer is not known in advance.
_ASK_AGAIN_AFTER_S = 5

What = Literal["answers", "questions", "streams"]
Whose = Literal["person", "key", "instance", "site"]

_SOON = _("Many questions are being asked in this instance at the moment. Ask again shortly.")
_MESSAGES: Mapping[tuple[What, Whose], Promise] = {
    ("answers", "person"): _(
        "Your questions that are being answered have reached the limit (%(limit)s at a time). Wait "
        "for one of the answers, then ask again."
    ),
    ("answers", "key"): _(
        "The requests of this API key that are under way have reached the limit (%(limit)s at a "
        "time). Wait for one of them to end, then try again."
    ),
    ("answers", "instance"): _SOON,
    ("questions", "person"): _(
        "Your questions have reached the limit (%(limit)s a minute). Wait a moment, then ask again."
    ),
    ("questions", "key"): _(
        "The requests of this API key have reached the limit (%(limit)s a minute). Wait a moment, "
        "then try again."
    ),
    ("questions", "instance"): _SOON,
    ("streams", "person"): _(
        "You have too many pages of this site open. Close some of them, then reload this page."
    ),
    ("streams", "site"): _(
        "Too many people follow answers and documents at the moment. Reload this page shortly."
    ),
}


@dataclass(frozen=True, slots=True)
class Reset:
    """When a limit resets, and the words of the message that say so.

    The message has the time of the site; scripts show that of the reader.
    """

    at: datetime
    words: str

    def as_json(self) -> dict[str, str]:
        """Return the fields of an error for programs."""
        return {"resets_at": self.at.isoformat(), "resets": self.words}


REFUSALS = Counter(
    "ragapp_requests_refused", "Requests over a limit or a quota, of this process", ["reason"]
)


class RequestRefused(Exception):
    """A request is over a limit. ``code`` is stable, ``message`` is translated."""

    def __init__(
        self, *, code: str, message: str, retry_after_s: int, reset: Reset | None = None
    ) -> None:
        super().__init__(code)
        REFUSALS.labels(code).inc()
        self.code, self.message, self.retry_after_s = code, message, retry_after_s
        self.reset = reset


class LimitReached(RequestRefused):
    """Too many questions or streams are under way, or were asked in the last minute."""

    def __init__(self, what: What, whose: Whose, full: Full) -> None:
        wait_s = full.first_ends_in_s if what == "questions" else _ASK_AGAIN_AFTER_S
        super().__init__(
            code=f"too_many_{what}",
            message=str(_MESSAGES[what, whose]) % {"limit": full.limit.capacity},
            retry_after_s=max(1, math.ceil(wait_s)),
        )


@dataclass(frozen=True, slots=True)
class Admission:
    """The places held by a question or a stream."""

    entry: str
    limits: tuple[Limit, ...]

    def release(self) -> None:
        """Release the places."""
        release(self.entry, self.limits)

    @contextmanager
    def released_on_error(self) -> Iterator[None]:
        """Run the block, and release the places if it raises."""
        try:
            yield
        except BaseException:
            self.release()
            raise


# For tests, and for requests without a limit.
UNLIMITED = Admission("", ())


@dataclass(frozen=True, slots=True)
class _Bound:
    what: What
    whose: Whose
    limit: Limit


def person_name(*, user_id: int | None, key_id: int | None) -> str:
    """Return a name for the person, or for an API key that belongs to no person."""
    return f"person:{user_id}" if user_id is not None else f"key:{key_id}"


def admit_question(
    *, instance_id: int, user_id: int | None, key_id: int | None = None
) -> Admission:
    """Admit a question of a person, or of an API key (and of its person, if it has one).

    Raises LimitReached. Must be called in a thread, as it waits for the cache.
    """
    return _admit(list(_question_bounds(instance_id, user_id, key_id)))


def admit_stream(*, user_id: int | None) -> Admission:
    """Admit a stream of server-sent events of a person, as ``admit_question`` does."""
    return _admit(
        [
            _lasting("streams", "person", user_id, settings.STREAMS_PER_PERSON),
            _lasting("streams", "site", "", settings.STREAMS_IN_ALL),
        ]
    )


@asynccontextmanager
async def held(admission: Admission) -> AsyncIterator[None]:
    """Hold the places while the block runs, then release them."""
    if not admission.limits:
        yield
        return
    ended = asyncio.Event()
    keeping = asyncio.create_task(_keep_until(ended, admission))
    try:
        yield
    finally:
        ended.set()
        await asyncio.shield(keeping)


async def _keep_until(ended: asyncio.Event, admission: Admission) -> None:
    """Renew the places until the event, then release them."""
    while not ended.is_set():
        with suppress(TimeoutError):
            async with asyncio.timeout(_RENEWED_EVERY_S):
                await ended.wait()
        if not ended.is_set():
            await asyncio.to_thread(renew, admission.entry, admission.limits)
    await asyncio.to_thread(admission.release)


def _question_bounds(instance_id: int, user_id: int | None, key_id: int | None) -> Iterator[_Bound]:
    if key_id is not None:
        yield _lasting("answers", "key", key_id, settings.ANSWERS_AT_ONCE_PER_KEY)
        yield _of_a_minute("key", key_id, settings.QUESTIONS_PER_MINUTE_PER_KEY)
    if user_id is not None:
        yield _lasting("answers", "person", user_id, settings.ANSWERS_AT_ONCE_PER_PERSON)
        yield _of_a_minute("person", user_id, settings.QUESTIONS_PER_MINUTE_PER_PERSON)
    yield _lasting("answers", "instance", instance_id, settings.ANSWERS_AT_ONCE_PER_INSTANCE)
    yield _of_a_minute("instance", instance_id, settings.QUESTIONS_PER_MINUTE_PER_INSTANCE)


def _lasting(what: What, whose: Whose, key: int | str | None, capacity: int) -> _Bound:
    return _Bound(what, whose, Limit(f"{what}:{whose}:{key}", capacity, LEASE_S))


def _of_a_minute(whose: Whose, key: int, capacity: int) -> _Bound:
    return _Bound("questions", whose, Limit(f"questions:{whose}:{key}", capacity, _MINUTE_S))


def _admit(bounds: list[_Bound]) -> Admission:
    entry = uuid4().hex
    full = take(entry, [bound.limit for bound in bounds])
    if full is not None:
        reached = next(bound for bound in bounds if bound.limit is full.limit)
        raise LimitReached(reached.what, reached.whose, full)
    return Admission(entry, tuple(bound.limit for bound in bounds if bound.what != "questions"))
