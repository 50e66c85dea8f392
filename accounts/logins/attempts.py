"""Limits on wrong passwords, by address, account and browser.

An address may fail with a name five times in five minutes, and with all names thirty times in a
minute; all addresses together, with one name, fifty times in an hour. The last would let anybody
lock a name out, so a browser in which the person has logged in before is counted by itself.

The figures are ``ACCOUNT_RATE_LIMITS``; a right password is not counted.
"""

from allauth.core.internal import ratelimit
from allauth.core.internal.ratelimit import RateLimitUsage
from django.http import HttpRequest

from accounts.logins.addresses import account_named
from accounts.logins.known_browsers import browser_of
from people.models import User

_APP = "allauth.account"


def consume_attempt(request: HttpRequest, name: str) -> RateLimitUsage | None:
    """Count one try to log in with ``name``; None when there were too many."""
    account = account_named(name)
    # By the account where there is one: a user name and an address do not give twice the tries.
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


def forgive_attempts(request: HttpRequest, user: User) -> None:
    """Forget the tries that all addresses made with an account, whose password is a new one."""
    ratelimit.clear(request, app=_APP, action="login_failed_name", key=f"account {user.pk}")


def _consume(request: HttpRequest, action: str, key: str) -> RateLimitUsage | None:
    usage: RateLimitUsage | None = ratelimit.consume(request, app=_APP, action=action, key=key)
    return usage
