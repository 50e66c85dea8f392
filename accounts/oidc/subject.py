"""The subject of verified claims, identified by the provider's ``sub`` alone."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from accounts.logins.errors import RequirementRefused
from accounts.logins.models.login_rules import LoginRule
from accounts.logins.scoped_attributes import (
    MAX_VALUE_CHARS,
    MAX_VALUES,
    SCOPED,
    Attributes,
    allowed_scopes,
    scoped_affiliations,
    scoped_identifier,
    scopes_of,
    within_scopes_only,
)

# Claims by their names in federations (REFEDS, mapping of attributes to claims), and our names.
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
# Claims of the protocol, not about the person.
_PROTOCOL: Final = frozenset(
    {"iss", "sub", "aud", "exp", "iat", "nbf", "jti", "nonce", "azp", "at_hash", "c_hash"}
    | {"s_hash", "auth_time", "sid", "typ", "acr", "amr"}
)
# RFC 8176, for ``amr``.
_MFA_METHODS: Final = frozenset({"mfa"})
_MAX_UID_CHARS: Final = 191


@dataclass(frozen=True)
class OidcSubject:
    """A person authenticated by a provider; ``attributes`` are the claims, as lists of strings.

    Scoped values in ``attributes`` are limited to ``bound_scopes``, which an operator bound to the
    provider. ``scopes`` are those of the person that the rule allows.
    """

    issuer: str
    sub: str
    claims: Mapping[str, Any]
    attributes: Attributes
    affiliations: frozenset[str]
    bound_scopes: frozenset[str]
    scopes: frozenset[str]
    second_factor: bool

    @property
    def uid(self) -> str:
        """The key of this identity at its provider: ``sub``, or its digest if it is long."""
        if len(self.sub) <= _MAX_UID_CHARS:
            return self.sub
        return f"sha256:{hashlib.sha256(self.sub.encode()).hexdigest()}"

    @property
    def principal_name(self) -> str:
        """The person's identifier in one of ``scopes``, else ""."""
        found = scoped_identifier(self.attributes, self.scopes)
        return found[1] if found else ""


def subject_from(
    *,
    id_token: Mapping[str, Any],
    userinfo: Mapping[str, Any],
    rule: LoginRule,
    bound_scopes: frozenset[str],
    mfa_classes: Collection[str],
) -> OidcSubject:
    """Return the subject of verified claims, under a rule; ``mfa_classes`` are values of ``acr``.

    Raises RequirementRefused if no value has a scope that the rule allows.
    """
    claims = {**id_token, **userinfo}
    subject = OidcSubject(
        issuer=str(id_token["iss"]),
        sub=str(id_token["sub"]),
        claims=claims,
        attributes=within_scopes_only(_attributes(claims), bound_scopes),
        affiliations=frozenset(),
        bound_scopes=bound_scopes,
        scopes=frozenset(),
        second_factor=has_second_factor(id_token, mfa_classes),
    )
    return under(rule, subject)


def under(rule: LoginRule, subject: OidcSubject) -> OidcSubject:
    """Return the subject limited to the scopes of a rule of its provider.

    An affiliation without a scope counts only if the rule has no scopes. Raises RequirementRefused
    if the rule has scopes and the person has none of them.
    """
    allowed = allowed_scopes(subject.bound_scopes, rule.allowed_scopes)
    scopes = scopes_of(subject.attributes) & allowed
    if rule.allowed_scopes and not scopes:
        raise RequirementRefused("scope")
    affiliations = scoped_affiliations(subject.attributes, allowed)
    if not rule.allowed_scopes:
        plain = subject.attributes.get("eduPersonAffiliation", ())
        affiliations |= {value.lower() for value in plain if "@" not in value}
    return replace(subject, scopes=scopes, affiliations=affiliations)


def has_second_factor(id_token: Mapping[str, Any], classes: Collection[str]) -> bool:
    """Return whether the provider asserts a second factor (``acr``, ``amr``)."""
    methods = id_token.get("amr")
    known = set(methods) if isinstance(methods, list) else set()
    return id_token.get("acr") in classes or bool(known & _MFA_METHODS)


def _attributes(claims: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    """Return all claims about the person as strings, by our name if it has one, else its own."""
    found: dict[str, tuple[str, ...]] = {}
    for claim, value in claims.items():
        words = _words(value)
        if claim in _PROTOCOL or not words:
            continue
        name = _NAMES.get(claim, claim)
        found[name] = (*found.get(name, ()), *words)
        if claim in _NAMES and name not in SCOPED:
            found[claim] = words
    return found


def _words(value: Any) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    words = (
        str(each).lower() if isinstance(each, bool) else str(each)
        for each in values
        if isinstance(each, str | int | bool)
    )
    return tuple(word for word in words if word and len(word) <= MAX_VALUE_CHARS)[:MAX_VALUES]
