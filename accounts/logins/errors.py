"""Errors of a login at another service.

    LoginError
    ├── AffiliationRefused       authenticated, but with none of the affiliations
    ├── RequirementRefused       authenticated, but without a required value
    ├── IdentityProviderBlocked  no enabled rule for this provider
    ├── SamlError                accounts.saml.errors
    └── OidcError                accounts.oidc.errors

``code`` names the page that people see; the message goes to the log only.
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
    """The provider may not be used: no rule, switched off here, or gone from metadata."""

    code = "idp_blocked"
