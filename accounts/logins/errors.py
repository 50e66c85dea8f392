"""Errors of a login at another service.

    LoginError
    ├── AffiliationRefused       authenticated, but without an allowed affiliation
    ├── RequirementRefused       authenticated, but without a required value
    ├── IdentityProviderBlocked  no enabled rule for this provider
    ├── SamlError                accounts.saml.errors
    └── OidcError                accounts.oidc.errors

``code`` selects the page that is shown; the message goes to the log only.
"""


class LoginError(Exception):
    """A failed login."""

    code = "refused"


class AffiliationRefused(LoginError):
    """The person's affiliations at this provider are not among the allowed ones."""

    code = "affiliation"


class RequirementRefused(LoginError):
    """The person lacks a value that the rule requires."""

    code = "not_invited"


class IdentityProviderBlocked(LoginError):
    """The provider may not be used: it has no rule, is disabled, or has left its feed."""

    code = "idp_blocked"
