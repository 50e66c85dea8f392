"""The verified claims of a SAML login, for login rules and access rules."""

from dataclasses import replace

from accounts.logins.errors import RequirementRefused
from accounts.logins.federated_login import VerifiedClaims
from accounts.logins.models.identity_providers import IdentityProvider
from accounts.logins.models.login_rules import LoginRule
from accounts.logins.policy import REFEDS_MFA, organisations_of, rules_of
from accounts.logins.scoped_attributes import (
    allowed_scopes,
    scoped_affiliations,
    scoped_identifier,
    scopes_of,
    within_scopes_only,
)
from accounts.saml.messages.response import AuthenticatedSubject
from accounts.saml.models import SamlRequest

# Not passed to access rules: an IdP may assert any value for them.
DISPLAY_ONLY = frozenset({"mail", "eduPersonAffiliation", "eduPersonPrimaryAffiliation"})


def verified_claims(subject: AuthenticatedSubject, saml_request: SamlRequest) -> VerifiedClaims:
    """Return the verified claims of a subject who logged in with ``saml_request``."""
    provider, rule = saml_request.identity_provider, saml_request.rule
    scopes = allowed_scopes(provider.scopes, rule.allowed_scopes)
    attributes = within_scopes_only(subject.attributes, scopes)
    assertion = subject.assertion
    name_id = assertion.name_id
    return VerifiedClaims(
        rule_id=rule.pk,
        organisation_ids=_organisations(provider, subject),
        session={
            "saml": {
                "identity_provider_id": provider.pk,
                "name_id": vars(name_id) if name_id else {},
                "session_index": assertion.session_index[:500],
            }
        },
        federation=provider.registration_authority if provider.feed_id else "",
        scopes=sorted(scopes_of(attributes)),
        affiliations=sorted(subject.affiliations),
        attributes={
            name: list(values) for name, values in attributes.items() if name not in DISPLAY_ONLY
        },
        second_factor=assertion.authn_context == REFEDS_MFA,
        session_ends=(
            assertion.session_expires_at.isoformat() if assertion.session_expires_at else ""
        ),
    )


def _organisations(provider: IdentityProvider, subject: AuthenticatedSubject) -> list[int]:
    def under(rule: LoginRule) -> AuthenticatedSubject:
        scopes = allowed_scopes(provider.scopes, rule.allowed_scopes)
        if rule.allowed_scopes and scoped_identifier(subject.attributes, scopes) is None:
            raise RequirementRefused("scope")
        return replace(subject, affiliations=scoped_affiliations(subject.attributes, scopes))

    own_rules = rules_of().filter(identity_provider=provider).select_related("organisation")
    return organisations_of(own_rules, under)
