"""Errors of actions that are refused.

InstanceError
├── MemberNotFound       no account that the searcher may find has this name or address
├── AmbiguousName        a name matches two accounts
├── TooManyLines         a list of people is too long
├── AlreadyMember        the person is already a member
├── OwnRights            managers of an organisation or the site cannot grant themselves rights
├── ControlledAccount    the granting person could use the account that would get rights
├── PersonalInstance     a personal instance cannot create accounts
├── AddressTaken         an account with a password has this e-mail address
├── OwnersOwn            only the owner or the organisation may end or lower the owner's role
├── UsernameTaken        the user name is in use
├── LastAdministrator    the instance would have no administrator left
├── AlreadyAdministrator the person is already an administrator or an operator
├── LastOrganisationAdministrator  the organisation would have no administrator left
├── LastOperator         the site would have no operator left
├── NotAMember           the new owner is not a member
├── WrongStatus          the status of the instance does not allow this
├── CreationClosed       the organisation does not allow the person to request an instance
├── AlreadyRequested     the person has already requested an instance of this name
├── InstanceLimit        the organisation has reached its number of instances
├── RequestDecided       the request was already answered or withdrawn
├── InvitationClosed     the invitation was accepted or revoked, or has expired
├── KeyLimit             the person or the instance has reached its number of API keys
├── QuotaExceeded        the instance would exceed a quota
└── InstanceNotEmpty     (transient) rows or files were added during a deletion

``user_message(error)`` is for people, ``str(error)`` for the log.
"""

from collections.abc import Mapping
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class InstanceError(Exception):
    """An action that is refused; ``code`` is for programs, ``str()`` for logs."""

    code: ClassVar[str] = "refused"


class MemberNotFound(InstanceError):
    """No account that the searcher may find has this user name or e-mail address."""


class AmbiguousName(InstanceError):
    """The text is the user name or the address of several accounts."""


class TooManyLines(InstanceError):
    """A list of people is too long; no account was searched."""


class AlreadyMember(InstanceError):
    """The person is already a member."""


class OwnRights(InstanceError):
    """People who manage an organisation or the site cannot grant themselves rights."""


class ControlledAccount(InstanceError):
    """One person could use both accounts: the granting and the receiving one."""


class PersonalInstance(InstanceError):
    """No account is created for or from a personal instance."""


class AddressTaken(InstanceError):
    """Another account with a password has this e-mail address."""


class OwnersOwn(InstanceError):
    """Only the owner or the organisation may end the owner's membership or lower its role."""


class UsernameTaken(InstanceError):
    """An account with this user name already exists."""


class LastAdministrator(InstanceError):
    """The instance would have no administrator left."""


class AlreadyAdministrator(InstanceError):
    """The person is already an administrator or an operator."""


class LastOrganisationAdministrator(InstanceError):
    """Only an operator may leave an organisation without an administrator."""


class LastOperator(InstanceError):
    """The site would have no operator left."""


class NotAMember(InstanceError):
    """Only a member of the instance can become its owner."""


class WrongStatus(InstanceError):
    """The instance's status does not allow this, or has changed meanwhile."""


class CreationClosed(InstanceError):
    """The organisation does not let this person create or request an instance."""


class AlreadyRequested(InstanceError):
    """A request of the same name by the same person is pending or was approved."""


class InstanceLimit(InstanceError):
    """The organisation has reached its number of instances."""


class RequestDecided(InstanceError):
    """The request was already answered or withdrawn."""


class InvitationClosed(InstanceError):
    """The invitation can no longer be accepted; ``state`` says why (``Invitation.state``)."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class KeyLimit(InstanceError):
    """The person or the instance has ``limit`` valid API keys, and may not have more."""

    code = "too_many_keys"

    def __init__(self, limit: int, *, of_person: bool) -> None:
        super().__init__(f"{limit} API keys are valid")
        self.limit, self.of_person = limit, of_person


class QuotaExceeded(InstanceError):
    """A quota would be exceeded; ``message`` is translated and includes the numbers."""

    code = "quota"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InstanceNotEmpty(InstanceError):
    """Rows or files were added during a deletion; the next run completes it."""


USER_MESSAGES: Mapping[type[InstanceError], Promise] = {
    MemberNotFound: _(
        "No account with this user name or address can be added. People have an account after "
        "their first login; people of other organisations must be invited."
    ),
    AmbiguousName: _(
        "Two accounts match this user name or address, so no one was added. Use a user name or "
        "an address that only one of them has, or ask an operator of this site."
    ),
    TooManyLines: _("This list is too long: 300 lines at most. Send it in parts."),
    AlreadyMember: _("This person is already a member."),
    OwnRights: _(
        "You cannot grant yourself rights in an instance here. Ask one of its administrators, or "
        "another administrator of the organisation."
    ),
    ControlledAccount: _(
        "You, or a person with access to your account, created or invited this account, set its "
        "password or changed its address. Another administrator must grant it rights, or an "
        "uninvolved operator must first confirm that only its owner uses it."
    ),
    PersonalInstance: _(
        "Accounts cannot be created from a personal space. People join it with an existing account."
    ),
    AddressTaken: _("Another account already has this e-mail address."),
    OwnersOwn: _(
        "This person owns the instance and can transfer it under “Life cycle”; so can an "
        "administrator of the organisation."
    ),
    LastAdministrator: _(
        "An instance needs an administrator. Give another person this role first."
    ),
    AlreadyAdministrator: _("This person is already an administrator."),
    LastOrganisationAdministrator: _(
        "An organisation needs an administrator. Add another person first, or ask an operator of "
        "this site."
    ),
    LastOperator: _("This site needs an operator. Add another person first."),
    NotAMember: _("Only a member of the instance can become its owner. Add the person first."),
    WrongStatus: _(
        "The present state of the instance does not allow this. Another person may have changed "
        "it: reload the page."
    ),
    CreationClosed: _(
        "New instances are created by the administrators of this organisation. Ask one of them."
    ),
    AlreadyRequested: _(
        "You have already requested an instance with this name. It is listed on your home page."
    ),
    InstanceLimit: _(
        "This organisation has reached its number of instances. Ask its administrators, who can "
        "have the limit raised or an unused instance deleted."
    ),
    RequestDecided: _("This request has already been answered or withdrawn."),
}


_PERSONS_KEYS = _(
    "You have reached the maximum number of valid API keys per person in this instance "
    "(%(limit)s). Revoke one that is no longer used."
)
_INSTANCES_KEYS = _(
    "This instance has reached its maximum number of valid API keys (%(limit)s). Revoke one that "
    "is no longer used, or ask an administrator of the instance to do so."
)


def user_message(error: InstanceError) -> str:
    """The translated message: what was refused, and what to do."""
    if isinstance(error, QuotaExceeded):
        return error.message
    if isinstance(error, KeyLimit):
        text = _PERSONS_KEYS if error.of_person else _INSTANCES_KEYS
        return str(text) % {"limit": error.limit}
    return str(USER_MESSAGES[type(error)])
