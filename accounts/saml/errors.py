"""Errors of a SAML login.

SamlError (accounts.logins.errors.LoginError)
├── ResponseRefused        a response that cannot be trusted (the reason is in the log)
│   └── NotOurs            for another service, request or IdP
├── ClockSkew              too early or too late
├── StatusRefused          the IdP returned an error status
│   ├── NotKnownToIdp      because it does not have our metadata yet
│   └── MfaNotDone         for the second factor, or did not assert one
├── NothingReleased        no usable identifier
├── RequestUnknown         not our request, or too old: a stale bookmark
├── RequestUsed            back button, double click
├── BrowserDiffers         another browser, or cookies blocked
└── MetadataRefused        a feed that is not accepted

All but ``MetadataRefused`` are permanent; its next refresh may succeed. ``code`` selects the page
that is shown (``templates/accounts/saml/failure.html``); the message goes to the log only.
"""

from accounts.logins.errors import LoginError


class SamlError(LoginError):
    """A failed SAML login."""


class ResponseRefused(SamlError):
    """A response that violates SAML or a rule of this site."""


class NotOurs(ResponseRefused):
    """A response for another service, another request or another tenant's IdP."""


class ClockSkew(SamlError):
    """A response from the future or the past."""

    code = "clock"


class StatusRefused(SamlError):
    """The IdP answered with an error status."""

    code = "idp_error"


class NotKnownToIdp(StatusRefused):
    """The IdP refuses requests of this site, because it lacks our metadata."""

    code = "unknown_to_idp"


class MfaNotDone(StatusRefused):
    """The rule requires a second factor, and the IdP did not assert one."""

    code = "mfa"


class NothingReleased(SamlError):
    """The IdP released no usable identifier."""

    code = "nothing_released"


class RequestUnknown(SamlError):
    """The response does not belong to a stored request."""

    code = "stale"


class RequestUsed(SamlError):
    """The request of this response has already been answered."""

    code = "used"


class BrowserDiffers(SamlError):
    """The response comes from another browser than the request."""

    code = "cookie"


class MetadataRefused(SamlError):
    """Metadata that must not replace the stored one."""

    code = "metadata"
