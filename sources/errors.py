"""Errors of sources and of their items.

SourceError                  code
├── SourceUnreachable        unreachable       (transient: the other side)
├── ServerFault              server_fault      (transient: the other side)
├── SlowServer               too_slow          (transient: the other side)
├── AddressRefused           address_refused
├── AccessDenied             access_denied
├── ItemGone                 gone              (the item counts as missing)
├── RobotsRefused            robots
├── AnswerRefused            invalid_answer
├── AnswerTooLarge           answer_too_large
├── UnknownKind              unknown_kind
└── InternalFault            internal_fault

Codes of ``ingestion.errors`` say why the file of an item was refused; ``quota`` and ``closed`` end
a run. ``explain(code)`` is for people, ``str(error)`` for the log.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from ingestion.error_messages import user_message
from web.outbound import errors as outbound

QUOTA, CLOSED = "quota", "closed"


class SourceError(Exception):
    """Base class; ``is_of_server``: the other items of the source may fail the same way now."""

    code: ClassVar[str] = "internal_fault"
    is_of_server: ClassVar[bool] = False


class SourceUnreachable(SourceError):
    """There is no such name, or no connection."""

    code = "unreachable"
    is_of_server = True


class ServerFault(SourceError):
    """The server answers with an error of its own, or that it is too busy."""

    code = "server_fault"
    is_of_server = True


class SlowServer(SourceError):
    """The server did not answer in time."""

    code = "too_slow"
    is_of_server = True


class AddressRefused(SourceError):
    """The address may not be reached from this site."""

    code = "address_refused"


class AccessDenied(SourceError):
    """The server asks for a login, or refuses the one that it was given."""

    code = "access_denied"


class ItemGone(SourceError):
    """The item does not exist any more."""

    code = "gone"


class RobotsRefused(SourceError):
    """The robots.txt of the site asks robots not to read this page."""

    code = "robots"


class AnswerRefused(SourceError):
    """The answer is not what such a server should send."""

    code = "invalid_answer"


class AnswerTooLarge(SourceError):
    """The answer has more bytes than a document may have."""

    code = "answer_too_large"


class UnknownKind(SourceError):
    """The kind of the source is not installed any more."""

    code = "unknown_kind"


class InternalFault(SourceError):
    """An error of this program or of a plug-in."""

    code = "internal_fault"


_MESSAGES: Mapping[str, Promise] = {
    SourceUnreachable.code: _(
        "The server could not be reached. Check the address; if it is right, the next run tries "
        "again."
    ),
    ServerFault.code: _(
        "The server answered with an error. The next run tries again; if it lasts, inform those "
        "who run the server."
    ),
    SlowServer.code: _("The server took too long to answer. The next run tries again."),
    AddressRefused.code: _(
        "This site may not reach this address. Use the public address of the server, or ask the "
        "operators of this site to allow it."
    ),
    AccessDenied.code: _(
        "The server refuses access. Check the user name and the password, and what they may read."
    ),
    ItemGone.code: _("There is nothing at this address any more."),
    RobotsRefused.code: _(
        "The robots.txt of the site asks robots not to read this page. Ask those who run the site "
        "to allow it."
    ),
    AnswerRefused.code: _(
        "The answer of the server could not be understood. Check that the address is the one that "
        "this kind of source needs."
    ),
    AnswerTooLarge.code: _("The file is larger than a document may be."),
    UnknownKind.code: _(
        "This kind of source is not installed any more. Ask the operators of this site."
    ),
    InternalFault.code: _(
        "An error of this site. The next run tries again; if it lasts, inform the contact of the "
        "service."
    ),
    QUOTA: _(
        "The instance has reached its limit of documents or of storage. Delete documents that are "
        "no longer needed, or ask for more."
    ),
    CLOSED: _("The instance is closed or archived."),
}


def explain(code: str) -> str:
    """Return the translated sentence for a code: what happened, and what to do."""
    return str(_MESSAGES.get(code) or user_message(code))


@contextmanager
def translated() -> Iterator[None]:
    """Raise errors of requests as those of sources."""
    try:
        yield
    except outbound.DestinationRefused as error:
        raise AddressRefused(str(error)) from error
    except outbound.AnswerTooLarge as error:
        raise AnswerTooLarge(str(error)) from error
    except outbound.TooSlow as error:
        raise SlowServer(str(error)) from error
    except outbound.TooManyRedirects as error:
        raise AnswerRefused(str(error)) from error
    except outbound.OutboundError as error:
        raise SourceUnreachable(str(error)) from error
