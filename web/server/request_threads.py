"""The thread of a request, in which Django runs what is not asynchronous.

Django's handler starts a thread for each request, waits for it at the beginning (to close
connections that a new thread cannot have) and at the end (to close the response), and then ends it.
Here an asynchronous request needs no thread, and the others take one that another request has left.
"""

from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import Any

from django.db import close_old_connections

# Threads that wait for another request.
_MAX_IDLE = 16
_idle: list[ThreadPoolExecutor] = []


class RequestThread(Executor):
    """Runs what belongs to one request; ``shutdown`` leaves its thread to another one.

    Before its view (``has_begun``) and after its response (``is_answered``), Django only closes
    what the thread of the request has opened: without such a thread there is nothing to wait for.
    """

    def __init__(self) -> None:
        self.has_begun = self.is_answered = False
        self._thread: ThreadPoolExecutor | None = None

    def submit(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run a function in the thread, or here if the request has none and needs none now."""
        if self._thread is None and (self.is_answered or not self.has_begun):
            return _done(function, *args, **kwargs)
        if self._thread is None:
            self._thread = _idle.pop() if _idle else ThreadPoolExecutor(1, "request")
        return self._thread.submit(function, *args, **kwargs)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the thread, without connections; does not wait for it."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        thread.submit(close_old_connections)
        if len(_idle) < _MAX_IDLE:
            _idle.append(thread)
        else:
            thread.shutdown(wait=False)


def _done(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Future[Any]:
    future: Future[Any] = Future()
    try:
        future.set_result(function(*args, **kwargs))
    except Exception as error:  # noqa: BLE001 (its caller raises it)
        future.set_exception(error)
    return future
