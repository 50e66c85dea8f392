"""Errors of requests to addresses that users have written.

OutboundError
├── DestinationRefused   the scheme, port, name or address may not be reached
├── Unreachable          (transient) no such name, no connection, or no HTTP
├── TooSlow              (transient) the time for the request was over
├── AnswerTooLarge       the answer has more bytes than allowed
└── TooManyRedirects     the answer is a redirect after too many others
"""


class OutboundError(Exception):
    """A request that was not made, or has no usable answer; the text is for the log."""


class DestinationRefused(OutboundError):
    """The scheme, port, name or address may not be reached from here."""


class Unreachable(OutboundError):
    """There is no such name, no connection, or the other side does not speak HTTP."""


class TooSlow(OutboundError):
    """The time for the request was over."""


class AnswerTooLarge(OutboundError):
    """The answer has more bytes than allowed."""


class TooManyRedirects(OutboundError):
    """The answer is a redirect after too many others."""
