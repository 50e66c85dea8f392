"""When a failed request is worth sending again, and how long to wait before."""

import random

from inference.errors import (
    BackendOverloaded,
    BackendTimeout,
    BackendUnavailable,
    InferenceError,
    TruncatedStream,
)
from inference.llm.backend import ChatBackend

FIRST_PAUSE_S = 0.5


class RetryBudget:
    """The attempts and the waiting time that one request may still spend.

    Silence is not retried: the request may still be in the backend's queue, and would stand there
    twice.
    """

    def __init__(self, backend: ChatBackend) -> None:
        self._backend = backend
        self._attempts = 0
        self._left_s = backend.max_retry_wait_s

    def next_pause_s(self, error: InferenceError) -> float | None:
        """Return the seconds to wait before the next attempt, None to give up.

        The backend's own Retry-After is honoured, to the second, or not at all when it exceeds what
        is left; else the pause doubles each time, with jitter so that callers do not come back
        together.
        """
        worth_it = isinstance(error, BackendOverloaded | BackendUnavailable | TruncatedStream)
        if not worth_it or isinstance(error, BackendTimeout):
            return None
        if self._attempts >= self._backend.max_retries:
            return None
        pause_s: float = FIRST_PAUSE_S * 2**self._attempts * random.uniform(0.5, 1.0)  # noqa: S311 (jitter)
        if isinstance(error, BackendOverloaded) and error.retry_after_s is not None:
            pause_s = error.retry_after_s
        if pause_s > self._left_s:
            return None
        self._attempts += 1
        self._left_s -= pause_s
        return pause_s
