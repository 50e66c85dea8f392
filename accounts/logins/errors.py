"""Why a login through another service does not happen.

    LoginError
    ├── AffiliationRefused       known, but not of the staff
    ├── RequirementRefused       known, but without a value that the rule requires
    ├── IdentityProviderBlocked  no rule lets this provider log in here (any more)
    ├── SamlError                accounts.saml.errors
    └── OidcError                accounts.oidc.errors

``code`` names the page that people see; the message goes to the log only.
"""


class LoginError(Exception):
    """A login that does not happen."""

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
