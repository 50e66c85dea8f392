"""Recognise errors of servers about texts or batches that are too long."""

import re
from http import HTTPStatus

from inference.errors import BackendRejected, ContextOverflow, InputTooLong

# TEI: "batch size 64 > maximum allowed batch size 32", "`inputs` must have less than 512 tokens";
# ours: too_many_inputs; OpenAI: "array too long", "maximum context length" (a ContextOverflow).
TOO_LONG = re.compile(
    r"batch size|too_many_inputs|must have less than|too many (inputs|texts|tokens)"
    r"|(array|input|string).{0,20}too long",
    re.IGNORECASE,
)


def as_input_too_long(error: BackendRejected) -> BackendRejected:
    """Return InputTooLong if the error is about the size of the input, else the error itself."""
    too_long = (
        isinstance(error, ContextOverflow)
        or error.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        or TOO_LONG.search(str(error))
    )
    return InputTooLong(str(error), status=error.status) if too_long else error
