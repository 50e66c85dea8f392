"""What can go wrong in a SAML login.

    SamlError
    ├── ResponseRefused        not to be trusted, whatever the reason (the log has it)
    │   └── NotOurs            meant for somebody else, or for another moment
    ├── ClockSkew              too early or too late
    ├── StatusRefused          the IdP says no
    │   └── MfaNotDone         … to a second factor, or it did without
    ├── NothingReleased        no identifier that counts
    ├── AffiliationRefused     known, but not of the staff
    ├── RequirementRefused     known, but without a value that the rule requires
    ├── RequestUnknown         no request of ours, or too old: a stale bookmark
    ├── RequestUsed            back button, double click
    ├── BrowserDiffers         another browser, or cookies blocked
    ├── IdentityProviderBlocked  switched off, or gone from metadata
    └── MetadataRefused        a feed that is not taken over

All are permanent but ``MetadataRefused``, which the next refresh may cure. ``code`` names the page
that people see (``templates/accounts/saml/failure.html``); the message goes to the log only.
"""


class SamlError(Exception):
    """A login that does not happen."""

    code = "refused"


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


class MfaNotDone(StatusRefused):
    """The instance requires a second factor and the IdP did not vouch for one."""

    code = "mfa"


class NothingReleased(SamlError):
    """No usable identifier among what the IdP released."""

    code = "nothing_released"


class AffiliationRefused(SamlError):
    """The person's affiliations at this IdP are not among the allowed ones."""

    code = "affiliation"


class RequirementRefused(SamlError):
    """The person lacks an attribute value that the rule requires."""

    code = "not_invited"


class RequestUnknown(SamlError):
    """The response answers no request that we remember."""

    code = "stale"


class RequestUsed(SamlError):
    """The response answers a request that has been answered."""

    code = "used"


class BrowserDiffers(SamlError):
    """The browser that comes back is not the one that left."""

    code = "cookie"


class IdentityProviderBlocked(SamlError):
    """The IdP may not be used: switched off here, or gone from metadata."""

    code = "idp_blocked"


class MetadataRefused(SamlError):
    """Metadata that must not replace what we have."""

    code = "metadata"
