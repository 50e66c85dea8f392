"""Errors of a SAML login.

    SamlError (accounts.logins.errors.LoginError)
    ├── ResponseRefused        not to be trusted, whatever the reason (the log has it)
    │   └── NotOurs            meant for somebody else, or for another moment
    ├── ClockSkew              too early or too late
    ├── StatusRefused          the IdP says no
    │   ├── NotKnownToIdp      … to us: it has not taken our metadata yet
    │   └── MfaNotDone         … to a second factor, or it did without
    ├── NothingReleased        no identifier that counts
    ├── RequestUnknown         no request of ours, or too old: a stale bookmark
    ├── RequestUsed            back button, double click
    ├── BrowserDiffers         another browser, or cookies blocked
    └── MetadataRefused        a feed that is not taken over

All are permanent but ``MetadataRefused``, which the next refresh may cure. ``code`` names the page
that people see (``templates/accounts/saml/failure.html``); the message goes to the log only.
"""

from accounts.logins.errors import LoginError


class SamlError(LoginError):
    """A failed SAML login."""


class ResponseRefused(SamlError):
    """A response that breaks a rule of ours or of SAML."""


class NotOurs(ResponseRefused):
    """A response for another service, another request or another tenant's IdP."""


class ClockSkew(SamlError):
    """A response from the future or the past."""

    code = "clock"


class StatusRefused(SamlError):
    """The IdP answered with an error status."""

    code = "idp_error"


class NotKnownToIdp(StatusRefused):
    """The IdP does not answer requests of ours."""

    code = "unknown_to_idp"


class MfaNotDone(StatusRefused):
    """The instance requires a second factor and the IdP did not vouch for one."""

    code = "mfa"


class NothingReleased(SamlError):
    """No usable identifier among what the IdP released."""

    code = "nothing_released"


class RequestUnknown(SamlError):
    """The response answers no request that we remember."""

    code = "stale"


class RequestUsed(SamlError):
    """The response answers a request that has been answered."""

    code = "used"


class BrowserDiffers(SamlError):
    """The browser that comes back is not the one that left."""

    code = "cookie"


class MetadataRefused(SamlError):
    """Metadata that must not replace what we have."""

    code = "metadata"
