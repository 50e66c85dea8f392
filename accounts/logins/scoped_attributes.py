"""Scoped attributes, and the identifier of a person: the first valid one in a fixed order.

A scoped value counts only if its scope is declared in the IdP's verified metadata and allowed by
the tenant's rule. ``mail`` and unscoped affiliations are for display only.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

# The attributes of a person: values by name.
Attributes = Mapping[str, tuple[str, ...]]
MAX_VALUES: Final = 200
MAX_VALUE_CHARS: Final = 1024
# In order of preference. SAML subject identifiers 1.0, sections 3.3 and 3.4; eduPerson 202208.
SCOPED_IDENTIFIERS: Final = (
    "subject-id",
    "pairwise-id",
    "eduPersonUniqueId",
    "eduPersonPrincipalName",
)
# Values are ``local@scope``; the value of HOME_ORGANISATION is itself a scope.
SCOPED: Final = (*SCOPED_IDENTIFIERS, "eduPersonScopedAffiliation")
HOME_ORGANISATION: Final = "schacHomeOrganization"
_SUBJECT_ID = re.compile(r"[a-z0-9][a-z0-9=\-]{0,126}")
_LOCAL_PART = re.compile(r"[^\s\x00-\x1f\x7f@]{1,256}")


def allowed_scopes(declared: Iterable[str], allowed: Iterable[str]) -> frozenset[str]:
    """Return the IdP's declared scopes that the rule allows; a rule without scopes allows all."""
    scopes = frozenset(scope.lower() for scope in declared)
    chosen = frozenset(scope.lower() for scope in allowed)
    return scopes & chosen if chosen else scopes


def within_scopes(value: str, scopes: frozenset[str]) -> str | None:
    """Return ``value`` in lower case if it is ``local@scope`` in one of ``scopes``, else None."""
    value = value.lower()
    local_part, at, scope = value.partition("@")
    good = at and scope in scopes and _LOCAL_PART.fullmatch(local_part)
    return value if good else None


def within_scopes_only(attributes: Attributes, scopes: frozenset[str]) -> Attributes:
    """Return the attributes without scoped values of other scopes than ``scopes``."""
    kept = {name: _counted(name, values, scopes) for name, values in attributes.items()}
    return {name: values for name, values in kept.items() if values}


def scopes_of(attributes: Attributes) -> frozenset[str]:
    """Return the scopes of all scoped values in ``attributes``."""
    values = (value.lower() for name in SCOPED for value in attributes.get(name, ()))
    return frozenset(value.partition("@")[2] for value in values)


def scoped_identifier(attributes: Attributes, scopes: frozenset[str]) -> tuple[str, str] | None:
    """Return ``(type, value)`` of the best scoped identifier, or None.

    An attribute with several values is not an identifier.
    """
    for name in SCOPED_IDENTIFIERS:
        values = attributes.get(name, ())
        value = within_scopes(values[0], scopes) if len(values) == 1 else None
        if value is None:
            continue
        strict = name in ("subject-id", "pairwise-id")
        if not strict or _SUBJECT_ID.fullmatch(value.partition("@")[0]):
            return name, value
    return None


def scoped_affiliations(attributes: Attributes, scopes: frozenset[str]) -> frozenset[str]:
    """Return the affiliations (``staff``, ``student``…) held under one of ``scopes``."""
    values = attributes.get("eduPersonScopedAffiliation", ())
    checked = (within_scopes(value, scopes) for value in values)
    return frozenset(value.partition("@")[0] for value in checked if value)


def _counted(name: str, values: tuple[str, ...], scopes: frozenset[str]) -> tuple[str, ...]:
    if name == HOME_ORGANISATION:
        return tuple(value.lower() for value in values if value.lower() in scopes)
    if name not in SCOPED:
        return tuple(values)
    checked = (within_scopes(value, scopes) for value in values)
    return tuple(value for value in checked if value)
