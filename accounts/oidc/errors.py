"""Errors of an OpenID Connect login.

OidcError (accounts.logins.errors.LoginError)
├── AnswerRefused        a response that cannot be trusted (the reason is in the log)
├── ProviderError        the provider returned an error
├── ProviderUnreachable  no response from the provider, or an invalid one
├── LoginCancelled       the person cancelled the login at the provider
├── StateLost            back button, double click, another browser, or too old
└── MfaNotDone           a second factor was required and not asserted

All but ``ProviderUnreachable`` are permanent. ``code`` selects the page that is shown
(``accounts.oidc.failure_pages``); the message goes to the log only.
"""

from accounts.logins.errors import LoginError


class OidcError(LoginError):
    """A failed OpenID Connect login."""


class AnswerRefused(OidcError):
    """A token or userinfo that violates OpenID Connect or a rule of this site."""


class ProviderError(OidcError):
    """The provider answered with an error."""

    code = "provider_error"


class ProviderUnreachable(OidcError):
    """The provider cannot be reached, or its response is invalid."""

    code = "unreachable"


class LoginCancelled(OidcError):
    """The person cancelled the login at the provider."""

    code = "cancelled"


class StateLost(OidcError):
    """The response does not belong to a login of this browser."""

    code = "stale"


class MfaNotDone(OidcError):
    """The rule requires a second factor, and the provider did not assert one."""

    code = "mfa"
