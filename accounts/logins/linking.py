"""Several logins for one account, added and removed by its person only.

A login is added by a person who is logged in and has just reauthenticated. The page that begins it
sets a flag in the session, which the next login consumes, so that a link from another site cannot
add a login.
"""

import time
from typing import cast

from allauth.account import app_settings
from allauth.account.internal.flows.login import get_authentication_records
from allauth.socialaccount.models import SocialAccount
from django.http import HttpRequest

from accounts.logins.errors import LoginError
from instances import audit
from instances.rules.identities import forget_identities
from instances.rules.matching import reevaluate_person
from people.models import User

_SESSION_KEY = "linking_since"
_MARK_LIFE_S = 600


class LinkedElsewhere(LoginError):
    """The login is already linked to another account."""

    code = "linked_elsewhere"


class LinkingNotBegun(LoginError):
    """The person logged in is not the one who began to add the login."""

    code = "linking_ended"


class LastLogin(Exception):
    """The person has no other way to log in."""


def recently_authenticated(request: HttpRequest) -> bool:
    """Return whether the person has authenticated within the last five minutes."""
    records = get_authentication_records(request, request.user)
    latest = max((record.get("at", 0) for record in records), default=0)
    return bool(time.time() - latest < app_settings.REAUTHENTICATION_TIMEOUT)


def begin_linking(request: HttpRequest) -> None:
    """Mark the next login of this session as one to add to the account."""
    request.session[_SESSION_KEY] = time.time()


def consume_linking(request: HttpRequest) -> bool:
    """Return whether the login that begins now is to be added to the account; clears the flag."""
    since = request.session.pop(_SESSION_KEY, 0)
    return request.user.is_authenticated and time.time() - since < _MARK_LIFE_S


def link(*, user: User, account: SocialAccount) -> None:
    """Add a login that was just verified to the account of ``user``.

    Raises LinkedElsewhere.
    """
    known = SocialAccount.objects.filter(provider=account.provider, uid=account.uid).first()
    if known is not None and known.user_id != user.pk:
        raise LinkedElsewhere(f"{account.provider} {account.uid}")
    if known is not None:
        return
    account.user = user
    account.save()
    audit.record(audit.Action.LOGIN_ADDED, target=user, provider=account.provider)


def unlink(account: SocialAccount, *, last_too: bool = False) -> None:
    """Remove a login and the access that it granted. Raises LastLogin unless ``last_too``."""
    user = cast(User, account.user)
    if not last_too and not _has_another_login(account):
        raise LastLogin(account.provider)
    account.delete()
    forget_identities(user=user, source=source_of(account))
    reevaluate_person(user)
    audit.record(audit.Action.LOGIN_REMOVED, target=user, provider=account.provider)


def source_of(account: SocialAccount) -> str:
    """Return the source under which ``instances.rules.identities`` stores the login's claims."""
    return f"{account.provider}:{account.uid}"


def _has_another_login(account: SocialAccount) -> bool:
    # A passkey does not count: it needs a password (accounts.forms.second_factors).
    user = cast(User, account.user)
    others = SocialAccount.objects.filter(user=user).exclude(pk=account.pk)
    return bool(user.has_usable_password() or others.exists())
