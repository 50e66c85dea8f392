"""Limits on wrong passwords, by client address, account and browser.

From one address, five failures in five minutes are allowed for one name, and thirty in a minute for
all names; from all addresses together, fifty in an hour for one name. With the last limit, other
people could lock a name; so a browser in which the person has logged in before is counted
separately.

The limits are in ``ACCOUNT_RATE_LIMITS``. Attempts with the right password are not counted.
"""

from allauth.core.internal import ratelimit
from allauth.core.internal.ratelimit import RateLimitUsage
from django.http import HttpRequest

from accounts.logins.addresses import account_named
from accounts.logins.known_browsers import browser_of
from people.models import User

_APP = "allauth.account"


def consume_attempt(request: HttpRequest, name: str) -> RateLimitUsage | None:
    """Count an attempt to log in with ``name``; returns None after too many."""
    account = account_named(name)
    # By account if there is one, so that user name and address are counted together.
    who = f"account {account.pk}" if account else f"name {name.lower()}"
    browser = browser_of(request, account)
    if browser is not None:
        return _consume(request, "login_failed_known", f"{who} in {browser}")
    here = _consume(request, "login_failed", f"{who} from {ratelimit.get_ip(request)}")
    if here is None:
        return None
    everywhere = _consume(request, "login_failed_name", who)
    if everywhere is None:
        return None
    return RateLimitUsage(usage=[*here.usage, *everywhere.usage])


def reset_attempts(request: HttpRequest, user: User) -> None:
    """Reset the counts of an account from all addresses, after a change of its password."""
    ratelimit.clear(request, app=_APP, action="login_failed_name", key=f"account {user.pk}")


def _consume(request: HttpRequest, action: str, key: str) -> RateLimitUsage | None:
    usage: RateLimitUsage | None = ratelimit.consume(request, app=_APP, action=action, key=key)
    return usage
