"""Why an act on an instance is refused.

InstanceError
├── MemberNotFound       no account that may be found has this name or address
├── AmbiguousName        a name fits two accounts
├── TooManyLines         a list of people is longer than is read at once
├── AlreadyMember        the person is in the instance already
├── OwnRights            the person would give themselves rights, from above the instance
├── ControlledAccount    the person could be acting through the account that would get rights
├── PersonalInstance     a personal instance makes no accounts
├── AddressTaken         an account with a password has this e-mail address
├── OwnersOwn            it would take the instance from its owner, who alone hands it over
├── UsernameTaken        a new account would bear a name in use
├── LastAdministrator    the instance would be left with nobody to administer it
├── AlreadyAdministrator the person administers the organisation, or the site, already
├── LastOrganisationAdministrator  the organisation would be left to the operators
├── LastOperator         the site would be left with nobody to operate it
├── NotAMember           the instance would go to somebody who is not in it
├── WrongStatus          the instance is not in a state from which this can be done
├── CreationClosed       the person may not ask for an instance here
├── AlreadyRequested     the person has asked for an instance of this name before
├── InstanceLimit        the organisation has as many instances as it may
├── RequestDecided       the request was answered or withdrawn already
├── InvitationClosed     the invitation was used or revoked, or its time is up
├── KeyLimit             the person, or the instance, has as many API keys as it may
├── QuotaExceeded        the instance would hold more than it may
└── InstanceNotEmpty     (transient) something comes into an instance that is being deleted

People read ``user_message(error)``; ``str(error)`` is for the log.
"""

from collections.abc import Mapping
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class InstanceError(Exception):
    """An act that the rules of instances refuse; ``code`` is for programs, ``str()`` for logs."""

    code: ClassVar[str] = "refused"


class MemberNotFound(InstanceError):
    """No account that whoever asks may find has this user name or e-mail address."""


class AmbiguousName(InstanceError):
    """What was typed is the user name or the address of several accounts."""


class TooManyLines(InstanceError):
    """A list of people is longer than is read at once; none of it was looked up."""


class AlreadyMember(InstanceError):
    """The person is a member already."""


class OwnRights(InstanceError):
    """Who administers an organisation or the site gives themselves no right in an instance."""


class ControlledAccount(InstanceError):
    """One person could be acting through both accounts: the one that acts, and the other."""


class PersonalInstance(InstanceError):
    """No account is created for or from a personal instance."""


class AddressTaken(InstanceError):
    """An account that has a password has this e-mail address already."""


class OwnersOwn(InstanceError):
    """The owner alone, or the organisation, ends or lowers the owner's membership."""


class UsernameTaken(InstanceError):
    """An account with this user name exists already."""


class LastAdministrator(InstanceError):
    """Nobody could administer the instance any more."""


class AlreadyAdministrator(InstanceError):
    """The person administers the organisation, or the site, already."""


class LastOrganisationAdministrator(InstanceError):
    """Only an operator may leave an organisation without an administrator."""


class LastOperator(InstanceError):
    """Nobody could operate the site any more."""


class NotAMember(InstanceError):
    """Only a member of the instance can become its owner."""


class WrongStatus(InstanceError):
    """The instance's status does not allow this, or has changed meanwhile."""


class CreationClosed(InstanceError):
    """The organisation lets this person neither create nor ask."""


class AlreadyRequested(InstanceError):
    """A request of the same name by the same person is pending, or gave an instance."""


class InstanceLimit(InstanceError):
    """The organisation may have no further instance."""


class RequestDecided(InstanceError):
    """Somebody answered or withdrew the request before."""


class InvitationClosed(InstanceError):
    """The invitation lets nobody in any more; ``state`` says why (``Invitation.state``)."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


class KeyLimit(InstanceError):
    """No further API key: ``limit`` are valid, of the person or of the whole instance."""

    code = "too_many_keys"

    def __init__(self, limit: int, *, of_person: bool) -> None:
        super().__init__(f"{limit} API keys are valid")
        self.limit, self.of_person = limit, of_person


class QuotaExceeded(InstanceError):
    """No room is left; ``message`` says so with the numbers, in the active language."""

    code = "quota"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InstanceNotEmpty(InstanceError):
    """Rows or files were found in an instance that had just been emptied; the next run ends it."""


USER_MESSAGES: Mapping[type[InstanceError], Promise] = {
    MemberNotFound: _(
        "No account that you can add has this user name or address. People have one once they have "
        "logged in; those of other organisations are invited."
    ),
    AmbiguousName: _(
        "Two accounts fit this user name or address, so nobody was added. Use a user name or an "
        "address that only one of them has, or ask an operator of this site."
    ),
    TooManyLines: _("This list is too long: 300 lines at most. Send it in parts."),
    AlreadyMember: _("This person is a member already."),
    OwnRights: _(
        "Nobody gives themselves rights in an instance from here. Ask one of its administrators, "
        "or another administrator of the organisation."
    ),
    ControlledAccount: _(
        "You, or somebody who manages your account too, created this account, invited it, set its "
        "password or changed its address. Another administrator must give it rights, or an "
        "operator who had no part in it must first confirm that its person alone uses it."
    ),
    PersonalInstance: _(
        "No account can be created from a personal space. People join it with an account that "
        "they have."
    ),
    AddressTaken: _("Another account has this e-mail address already."),
    OwnersOwn: _(
        "This person owns the instance, and can hand it over under “Life cycle”. An administrator "
        "of the organisation can, too."
    ),
    LastAdministrator: _(
        "An instance needs an administrator. Make somebody else administrator first."
    ),
    AlreadyAdministrator: _("This person is an administrator already."),
    LastOrganisationAdministrator: _(
        "An organisation needs an administrator. Add somebody else first, or ask an operator of "
        "this site."
    ),
    LastOperator: _("This site needs an operator. Add somebody else first."),
    NotAMember: _("Only a member of the instance can become its owner. Add the person first."),
    WrongStatus: _(
        "This cannot be done in the instance's present state. Somebody else may have changed it: "
        "look at the page again."
    ),
    CreationClosed: _(
        "New instances are created by the administrators of this organisation. Ask one of them."
    ),
    AlreadyRequested: _(
        "You have already asked for an instance of this name. You find it on your home page."
    ),
    InstanceLimit: _(
        "This organisation has reached its number of instances. Ask its administrators, who can "
        "have the limit raised or an unused instance deleted."
    ),
    RequestDecided: _("This request was answered or withdrawn meanwhile."),
}


_PERSONS_KEYS = _(
    "You have as many valid API keys in this instance as one person may have (%(limit)s). Revoke "
    "one that is no longer used."
)
_INSTANCES_KEYS = _(
    "This instance has as many valid API keys as it may have (%(limit)s). Revoke one that is no "
    "longer used, or ask an administrator of the instance to do so."
)


def user_message(error: InstanceError) -> str:
    """The translated sentence that tells a person what was refused and what to do."""
    if isinstance(error, QuotaExceeded):
        return error.message
    if isinstance(error, KeyLimit):
        text = _PERSONS_KEYS if error.of_person else _INSTANCES_KEYS
        return str(text) % {"limit": error.limit}
    return str(USER_MESSAGES[type(error)])
