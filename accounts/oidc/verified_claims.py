"""What is kept of a login by OpenID Connect."""

from allauth.socialaccount.models import SocialApp

from accounts.logins.federated_login import Proof
from accounts.logins.models.login_rules import LoginRule
from accounts.logins.policy import organisations_of, rules_of
from accounts.logins.scoped_attributes import within_scopes_only
from accounts.oidc.subject import OidcSubject, under
from accounts.secrets.encryption import encrypt

# For display: people change them, and nothing here verifies them.
_UNPROVED = frozenset({"email", "phone_number", "address", "picture", "website", "profile"})


def proof_of(subject: OidcSubject, *, app: SocialApp, rule: LoginRule, id_token: str) -> Proof:
    """What may be believed of a subject who came under ``rule``."""
    own_rules = rules_of().filter(oidc_provider=app).select_related("organisation")
    return Proof(
        rule_id=rule.pk,
        organisation_ids=organisations_of(own_rules, lambda other: under(other, subject)),
        session={"oidc": {"id_token": encrypt(id_token)}},
        scopes=sorted(subject.scopes),
        affiliations=sorted(subject.affiliations),
        attributes={
            name: list(values)
            for name, values in within_scopes_only(subject.attributes, subject.scopes).items()
            if name not in _UNPROVED
        },
        second_factor=subject.second_factor,
    )
