"""The verified claims of an OpenID Connect login, for login rules and access rules."""

from allauth.socialaccount.models import SocialApp

from accounts.logins.federated_login import VerifiedClaims
from accounts.logins.models.login_rules import LoginRule
from accounts.logins.policy import organisations_of, rules_of
from accounts.logins.scoped_attributes import within_scopes_only
from accounts.oidc.subject import OidcSubject, under
from web.encryption import encrypt

# Not passed to access rules: people can change them, and they are not verified.
_DISPLAY_ONLY = frozenset({"email", "phone_number", "address", "picture", "website", "profile"})


def verified_claims(
    subject: OidcSubject, *, app: SocialApp, rule: LoginRule, id_token: str
) -> VerifiedClaims:
    """Return the verified claims of a subject who logged in under ``rule``."""
    own_rules = rules_of().filter(oidc_provider=app).select_related("organisation")
    return VerifiedClaims(
        rule_id=rule.pk,
        organisation_ids=organisations_of(own_rules, lambda other: under(other, subject)),
        session={"oidc": {"id_token": encrypt(id_token)}},
        scopes=sorted(subject.scopes),
        affiliations=sorted(subject.affiliations),
        attributes={
            name: list(values)
            for name, values in within_scopes_only(subject.attributes, subject.scopes).items()
            if name not in _DISPLAY_ONLY
        },
        second_factor=subject.second_factor,
    )
