"""The attributes that are read, by their names in federations.

Only URI names are accepted (saml2int 2.0); attributes that are not listed are ignored. Sources:
eduPerson 202208, SCHAC, SAML subject identifiers 1.0, SupAnn 2021 (the French profile).
"""

from types import MappingProxyType
from typing import Final

from lxml import etree

from accounts.logins.scoped_attributes import MAX_VALUE_CHARS, MAX_VALUES, Attributes
from accounts.saml.xml import SAML, tag

NAMES: Final[dict[str, str]] = {
    "urn:oasis:names:tc:SAML:attribute:subject-id": "subject-id",
    "urn:oasis:names:tc:SAML:attribute:pairwise-id": "pairwise-id",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.13": "eduPersonUniqueId",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.6": "eduPersonPrincipalName",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.9": "eduPersonScopedAffiliation",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.1": "eduPersonAffiliation",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.5": "eduPersonPrimaryAffiliation",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.7": "eduPersonEntitlement",
    "urn:oid:1.3.6.1.4.1.5923.1.1.1.11": "eduPersonAssurance",
    "urn:oid:1.3.6.1.4.1.5923.1.5.1.1": "isMemberOf",
    "urn:oid:0.9.2342.19200300.100.1.3": "mail",
    "urn:oid:2.16.840.1.113730.3.1.241": "displayName",
    "urn:oid:2.5.4.3": "cn",
    "urn:oid:2.5.4.4": "sn",
    "urn:oid:2.5.4.42": "givenName",
    "urn:oid:1.3.6.1.4.1.25178.1.2.9": "schacHomeOrganization",
    "urn:oid:1.3.6.1.4.1.7135.1.2.1.13": "supannEntiteAffectation",
    "urn:oid:1.3.6.1.4.1.7135.1.2.1.14": "supannEntiteAffectationPrincipale",
    "urn:oid:1.3.6.1.4.1.7135.1.2.1.16": "supannEtablissement",
    "urn:oid:1.3.6.1.4.1.7135.1.2.1.17": "supannActivite",
    "urn:oid:1.3.6.1.4.1.7135.1.2.1.10": "supannEmpCorps",
    "urn:oid:1.3.6.1.4.1.7135.1.2.1.5": "supannRole",
}


def read_attributes(assertion: etree._Element) -> Attributes:
    """Return the known attributes of a verified assertion, by short name.

    Values that are empty, too long or have child elements are ignored.
    """
    values: dict[str, list[str]] = {}
    for attribute in assertion.iter(tag(SAML, "Attribute")):
        name = NAMES.get(attribute.get("Name", ""))
        if name is None:
            continue
        for value in attribute.findall(tag(SAML, "AttributeValue")):
            text = (value.text or "").strip()
            if text and not len(value) and len(text) <= MAX_VALUE_CHARS:
                values.setdefault(name, []).append(text)
    return MappingProxyType({name: tuple(found[:MAX_VALUES]) for name, found in values.items()})
