"""Who somebody is, from verified claims: the provider's ``sub``, and nothing that could change."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from accounts.errors import RequirementRefused
from accounts.login_rules import LoginRule
from accounts.saml.attributes import MAX_VALUE_CHARS, MAX_VALUES
from accounts.saml.identifiers import within_scopes

# What federations call these claims (REFEDS, mapping of attributes to claims) and we call so.
_NAMES: Final = {
    "eduperson_affiliation": "eduPersonAffiliation",
    "eduperson_scoped_affiliation": "eduPersonScopedAffiliation",
    "eduperson_principal_name": "eduPersonPrincipalName",
    "eduperson_unique_id": "eduPersonUniqueId",
    "eduperson_entitlement": "eduPersonEntitlement",
    "eduperson_assurance": "eduPersonAssurance",
    "is_member_of": "isMemberOf",
    "groups": "isMemberOf",
}
_SCOPED: Final = (
    *("eduPersonScopedAffiliation", "eduPersonPrincipalName", "eduPersonUniqueId"),
    *("subject-id", "pairwise-id"),
)
# Of the protocol, not of the person.
_PROTOCOL: Final = frozenset(
    {"iss", "sub", "aud", "exp", "iat", "nbf", "jti", "nonce", "azp", "at_hash", "c_hash"}
    | {"s_hash", "auth_time", "sid", "typ", "acr", "amr"}
)
REFEDS_MFA: Final = "https://refeds.org/profile/mfa"
# RFC 8176, for ``amr``.
_MFA_METHODS: Final = frozenset({"mfa"})
_MAX_UID_CHARS: Final = 191


@dataclass(frozen=True)
class OidcSubject:
    """A person whom a provider vouches for; ``attributes`` are its claims, as lists of words.

    ``scopes`` are those that the rule allows and the person's values carry.
    """

    issuer: str
    sub: str
    claims: Mapping[str, Any]
    attributes: Mapping[str, tuple[str, ...]]
    affiliations: frozenset[str]
    scopes: frozenset[str]
    second_factor: bool

    @property
    def uid(self) -> str:
        """The key of this identity at its provider: ``sub``, or its digest when that is long."""
        if len(self.sub) <= _MAX_UID_CHARS:
            return self.sub
        return f"sha256:{hashlib.sha256(self.sub.encode()).hexdigest()}"


def subject_from(
    *,
    id_token: Mapping[str, Any],
    userinfo: Mapping[str, Any],
    rule: LoginRule,
    mfa_classes: Collection[str],
) -> OidcSubject:
    """The subject of verified claims, under a rule; ``mfa_classes`` are values of ``acr``.

    Raises RequirementRefused for somebody who has nothing under the scopes that the rule allows.
    """
    claims = {**id_token, **userinfo}
    attributes = _attributes(claims)
    return OidcSubject(
        issuer=str(id_token["iss"]),
        sub=str(id_token["sub"]),
        claims=claims,
        attributes=attributes,
        affiliations=affiliations_under(rule, attributes),
        scopes=scopes_under(rule, attributes),
        second_factor=has_second_factor(id_token, mfa_classes),
    )


def scopes_under(rule: LoginRule, attributes: Mapping[str, tuple[str, ...]]) -> frozenset[str]:
    """The scopes of a person's values; a rule that names some allows no others.

    Raises RequirementRefused when the rule names scopes and the person has none of them.
    """
    values = (value.lower() for name in _SCOPED for value in attributes.get(name, ()))
    found = frozenset(value.partition("@")[2] for value in values if "@" in value)
    if not rule.allowed_scopes:
        return found
    allowed = found & frozenset(scope.lower() for scope in rule.allowed_scopes)
    if not allowed:
        raise RequirementRefused("scope")
    return allowed


def affiliations_under(
    rule: LoginRule, attributes: Mapping[str, tuple[str, ...]]
) -> frozenset[str]:
    """The affiliations that count: scoped ones only where the rule names scopes."""
    scoped = attributes.get("eduPersonScopedAffiliation", ())
    if rule.allowed_scopes:
        scopes = frozenset(scope.lower() for scope in rule.allowed_scopes)
        checked = (within_scopes(value, scopes) for value in scoped)
        return frozenset(value.partition("@")[0] for value in checked if value)
    plain = attributes.get("eduPersonAffiliation", ())
    return frozenset(value.lower().partition("@")[0] for value in (*plain, *scoped))


def has_second_factor(id_token: Mapping[str, Any], classes: Collection[str]) -> bool:
    """Whether the provider says that the person proved two factors (``acr``, ``amr``)."""
    methods = id_token.get("amr")
    known = set(methods) if isinstance(methods, list) else set()
    return id_token.get("acr") in classes or bool(known & _MFA_METHODS)


def _attributes(claims: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Every claim about the person, by its own name and by ours, as words."""
    found: dict[str, tuple[str, ...]] = {}
    for name, value in claims.items():
        words = _words(value)
        if name in _PROTOCOL or not words:
            continue
        found[name] = words
        if name in _NAMES:
            found[_NAMES[name]] = (*found.get(_NAMES[name], ()), *words)
    return found


def _words(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    words = (
        str(each).lower() if isinstance(each, bool) else str(each)
        for each in values
        if isinstance(each, str | int | bool)
    )
    return tuple(word for word in words if word and len(word) <= MAX_VALUE_CHARS)[:MAX_VALUES]
