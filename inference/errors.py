"""Errors of everything that talks to a model.

::

    InferenceError
    ├── BackendUnavailable    transient  nobody answers, 5xx, connection lost before any answer
    │   └── BackendTimeout               silent for longer than the settings allow
    ├── BackendOverloaded     transient  429 or 503: come back after `retry_after_s`
    │   └── NoFreeSlot                   nothing was sent, as the request may not wait
    ├── TruncatedStream       transient  the answer stopped before its end
    ├── ProtocolError         transient  an answer that breaks the API (a proxy's HTML page…)
    ├── NotCleared            permanent  nothing was sent: too sensitive for this server
    └── BackendRejected       permanent  a 4xx or its like inside a 200: it would fail again
        ├── AuthenticationFailed         401 or 403
        ├── ModelNotFound                the backend does not serve this model
        ├── ContextOverflow              prompt and answer exceed the context window
        ├── InputTooLong                 a text or a batch exceeds what the embedding model takes
        └── DimensionMismatch            vectors of another size than those of the index

A backend that refuses the key, or that no longer serves the model, rejects every request; another
backend of the model may answer it. For the other kinds of BackendRejected, the request itself is at
fault (`is_fault_of_request`).

`code` is stable and safe to show or to translate; the message is for logs, for it may carry text of
the provider.
"""

from typing import ClassVar

from inference.token_usage import TokenUsage


class InferenceError(Exception):
    """Any failure of a model backend; `permanent` says that retrying the same request is useless.

    `partial` is the text of a streamed answer that had come before the failure, and `usage` the
    tokens spent on it (None: nothing was generated).
    """

    code: ClassVar[str] = "inference_error"
    permanent: ClassVar[bool] = False
    # Whether any backend would refuse the request, so that this one has not failed.
    is_fault_of_request: ClassVar[bool] = False
    partial: str = ""
    usage: TokenUsage | None = None


class BackendUnavailable(InferenceError):
    """Nobody answers at the backend's address, or it fails by itself (5xx)."""

    code = "backend_unavailable"


class BackendTimeout(BackendUnavailable):
    """The backend kept silent for longer than its settings allow."""

    code = "backend_timeout"


class BackendOverloaded(InferenceError):
    """The backend's queue is full; `retry_after_s` is its own advice in seconds, if it gave one."""

    code = "backend_overloaded"

    def __init__(self, message: str = "", *, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NoFreeSlot(BackendOverloaded):
    """No backend has a free slot, and the request may not wait: nothing was sent."""


class TruncatedStream(InferenceError):
    """The stream ended without its end; `partial` is the text that had come."""

    code = "truncated_stream"


class ProtocolError(InferenceError):
    """The answer is not what the API promises."""

    code = "protocol_error"


class NotCleared(InferenceError):
    """Nothing was sent, as the server may not receive documents of this sensitivity (``level``)."""

    code = "not_cleared"
    permanent = True

    def __init__(self, message: str, *, level: str) -> None:
        super().__init__(message)
        self.level = level


class BackendRejected(InferenceError):
    """The backend understood the request and refuses it; `status` is its HTTP status, if any."""

    code = "backend_rejected"
    permanent = True
    is_fault_of_request = True

    def __init__(self, message: str = "", *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status


class AuthenticationFailed(BackendRejected):
    """The API key is missing, wrong, or not allowed to use this model."""

    code = "authentication_failed"
    is_fault_of_request = False


class ModelNotFound(BackendRejected):
    """The backend does not serve the model asked for."""

    code = "model_not_found"
    is_fault_of_request = False


class ContextOverflow(BackendRejected):
    """The prompt and the answer do not fit in the context window; sizes in tokens, when known."""

    code = "context_overflow"

    def __init__(
        self,
        message: str = "",
        *,
        status: int | None = None,
        prompt_tokens: int | None = None,
        context_window: int | None = None,
    ) -> None:
        super().__init__(message, status=status)
        self.prompt_tokens = prompt_tokens
        self.context_window = context_window


class InputTooLong(BackendRejected):
    """A text, or the whole batch, is longer than the embedding model or its server takes."""

    code = "input_too_long"


class DimensionMismatch(BackendRejected):
    """The vectors have another dimension than the one expected."""

    code = "dimension_mismatch"
