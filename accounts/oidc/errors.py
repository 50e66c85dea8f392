"""Errors of an OpenID Connect login.

    OidcError (accounts.logins.errors.LoginError)
    ├── AnswerRefused        not to be trusted, whatever the reason (the log has it)
    ├── ProviderError        the provider says no
    ├── ProviderUnreachable  the provider does not answer, or not in its protocol
    ├── LoginCancelled       the person turned back at the provider
    ├── StateLost            back button, double click, another browser, or too old
    └── MfaNotDone           a second factor was required and not vouched for

All are permanent but ``ProviderUnreachable``. ``code`` names the page that people see
(``accounts.oidc.failure_pages``); the message goes to the log only.
"""

from accounts.logins.errors import LoginError


class OidcError(LoginError):
    """A failed OpenID Connect login."""


class AnswerRefused(OidcError):
    """A token or a userinfo that breaks a rule of ours or of OpenID Connect."""


class ProviderError(OidcError):
    """The provider answered with an error."""

    code = "provider_error"


class ProviderUnreachable(OidcError):
    """The provider cannot be reached, or its response is not one of the protocol."""

    code = "unreachable"


class LoginCancelled(OidcError):
    """The person turned back."""

    code = "cancelled"


class StateLost(OidcError):
    """The answer belongs to no login that this browser began."""

    code = "stale"


class MfaNotDone(OidcError):
    """The rule requires a second factor and the provider did not vouch for one."""

    code = "mfa"
