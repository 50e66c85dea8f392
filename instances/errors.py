"""Why an act on an instance is refused.

InstanceError
├── MemberNotFound       no account bears this name or address
├── AlreadyMember        the person is in the instance already
├── UsernameTaken        a new account would bear a name in use
└── LastAdministrator    the instance would be left with nobody to administer it
"""


class InstanceError(Exception):
    """An act that the rules of instances refuse; all are permanent. ``str()`` is for the log."""


class MemberNotFound(InstanceError):
    """No account bears this user name or e-mail address, or several do."""


class AlreadyMember(InstanceError):
    """The person is a member already."""


class UsernameTaken(InstanceError):
    """An account with this user name exists already."""


class LastAdministrator(InstanceError):
    """Nobody could administer the instance any more."""
