"""The rules of a signed assertion (saml2int 2.0, section 3; SAML profiles 4.1.4).

This applies the rules that pysaml2 omits, or applies only to elements that are present.
"""

from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from accounts.logins.scoped_attributes import Attributes
from accounts.saml.errors import NotOurs, ResponseRefused
from accounts.saml.messages.attributes import read_attributes
from accounts.saml.messages.times import check_fresh, check_window, read_time
from accounts.saml.xml import SAML, tag, text_of

BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
_CONDITIONS = {tag(SAML, n) for n in ("AudienceRestriction", "OneTimeUse", "ProxyRestriction")}
_MAX_NAME_ID_CHARS = 1024


@dataclass(frozen=True)
class NameId:
    """The subject's NameID; qualifiers are "" when absent."""

    value: str
    format: str
    name_qualifier: str
    sp_name_qualifier: str


@dataclass(frozen=True)
class VerifiedAssertion:
    """The contents of a verified assertion; it could be replayed until ``expires_at``."""

    id: str
    name_id: NameId | None
    session_index: str
    session_expires_at: datetime | None
    authn_context: str
    authn_instant: datetime | None
    expires_at: datetime
    attributes: Attributes


def read_assertion(
    assertion: etree._Element, *, entity_id: str, acs_url: str, idp_entity_id: str, request_id: str
) -> VerifiedAssertion:
    """Apply the rules to a signed assertion and return its contents.

    Raises NotOurs, ClockSkew or ResponseRefused.
    """
    if text_of(assertion.find(tag(SAML, "Issuer"))) != idp_entity_id:
        raise NotOurs("the assertion is from another IdP than the request was sent to")
    check_fresh(assertion.get("IssueInstant"))
    _check_conditions(_child(assertion, "Conditions"), entity_id)
    subject = _child(assertion, "Subject")
    expires_at = _check_confirmations(subject, acs_url, request_id)
    statement = _child(assertion, "AuthnStatement")
    context = statement.find(f"{tag(SAML, 'AuthnContext')}/{tag(SAML, 'AuthnContextClassRef')}")
    return VerifiedAssertion(
        id=str(assertion.get("ID")),
        name_id=_name_id(subject),
        session_index=statement.get("SessionIndex", ""),
        session_expires_at=check_window(None, statement.get("SessionNotOnOrAfter")),
        authn_context=text_of(context),
        authn_instant=read_time(statement.get("AuthnInstant")),
        expires_at=expires_at,
        attributes=read_attributes(assertion),
    )


def _child(element: etree._Element, name: str) -> etree._Element:
    child = element.find(tag(SAML, name))
    if child is None:
        raise ResponseRefused(f"no {name}")
    return child


def _check_conditions(conditions: etree._Element, entity_id: str) -> None:
    check_window(conditions.get("NotBefore"), conditions.get("NotOnOrAfter"))
    unknown = [child.tag for child in conditions if child.tag not in _CONDITIONS]
    if unknown:
        raise ResponseRefused(f"conditions {unknown}")
    restrictions = conditions.findall(tag(SAML, "AudienceRestriction"))
    if not restrictions:
        raise ResponseRefused("no audience restriction")
    for restriction in restrictions:
        audiences = [text_of(each) for each in restriction.findall(tag(SAML, "Audience"))]
        if entity_id not in audiences:
            raise NotOurs(f"for the audience {audiences}")


def _check_confirmations(subject: etree._Element, acs_url: str, request_id: str) -> datetime:
    """Check all subject confirmations; return the end of the last one."""
    confirmations = subject.findall(tag(SAML, "SubjectConfirmation"))
    if not confirmations:
        raise ResponseRefused("no subject confirmation")
    return max(_check_confirmation(each, acs_url, request_id) for each in confirmations)


def _check_confirmation(element: etree._Element, acs_url: str, request_id: str) -> datetime:
    if element.get("Method") != BEARER:
        raise ResponseRefused(f"confirmed by {element.get('Method')}")
    data = _child(element, "SubjectConfirmationData")
    if data.get("Recipient") != acs_url:
        raise NotOurs(f"recipient {data.get('Recipient')}")
    if data.get("InResponseTo") != request_id:
        raise NotOurs(f"confirmed in response to {data.get('InResponseTo')}")
    ends = check_window(data.get("NotBefore"), data.get("NotOnOrAfter"))
    if ends is None:
        raise ResponseRefused("a confirmation without an end")
    return ends


def _name_id(subject: etree._Element) -> NameId | None:
    if subject.find(tag(SAML, "EncryptedID")) is not None:
        raise ResponseRefused("an encrypted NameID")
    element = subject.find(tag(SAML, "NameID"))
    value = text_of(element)
    if element is None or not value:
        return None
    if len(value) > _MAX_NAME_ID_CHARS:
        raise ResponseRefused("a NameID too long")
    return NameId(
        value=value,
        format=element.get("Format", ""),
        name_qualifier=element.get("NameQualifier", ""),
        sp_name_qualifier=element.get("SPNameQualifier", ""),
    )
