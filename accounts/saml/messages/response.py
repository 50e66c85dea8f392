"""A strict wrapper of pysaml2: reads an IdP's response and returns an ``AuthenticatedSubject``.

    base64 ─▶ parse_message, check_response ─▶ envelope, status ─▶ pysaml2 verifies and decrypts
      ─▶ parse_message, check_response again ─▶ all signatures verified ─▶ rules of the assertion

pysaml2 does the cryptography; what it does not check (docs/sso.md lists it) is checked here. Values
are read from the same octets that were verified (``backend``), whose beginning all parsers read in
the same way (``xml.check_beginning``).
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from lxml import etree

from accounts.logins.policy import REFEDS_MFA
from accounts.logins.scoped_attributes import (
    SCOPED_IDENTIFIERS,
    Attributes,
    allowed_scopes,
    scoped_affiliations,
    scoped_identifier,
    within_scopes_only,
)
from accounts.saml.client import IdpMetadata, client_for
from accounts.saml.errors import (
    ClockSkew,
    MfaNotDone,
    NothingReleased,
    NotKnownToIdp,
    NotOurs,
    ResponseRefused,
    StatusRefused,
)
from accounts.saml.messages.assertion import VerifiedAssertion, read_assertion
from accounts.saml.messages.response_structure import check_response, single_assertion
from accounts.saml.messages.times import check_fresh
from accounts.saml.service_provider import ServiceProvider
from accounts.saml.signatures.octets import decode_base64
from accounts.saml.xml import (
    DS,
    HTTP_POST,
    MAX_MESSAGE_BYTES,
    SAML,
    SAMLP,
    parse_message,
    tag,
    text_of,
)

_PERSISTENT = "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"
_STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
_SUCCESS = f"{_STATUS}Success"
_MAX_REASON_CHARS = 200
_NO_CONTEXT = f"{_STATUS}NoAuthnContext"
# Status codes with which IdPs refuse a service whose metadata they lack.
_NOT_KNOWN = {f"{_STATUS}RequestDenied", f"{_STATUS}RequestUnsupported"}
_REQUESTER = f"{_STATUS}Requester"
_CLASS_NAMES = {
    tag(SAMLP, "Response"): f"{SAMLP}:Response",
    tag(SAML, "Assertion"): f"{SAML}:Assertion",
}


@dataclass(frozen=True)
class Expected:
    """The values that a response must have, from the stored request only."""

    request_id: str
    idp: IdpMetadata
    declared_scopes: tuple[str, ...]
    allowed_scopes: tuple[str, ...] = ()
    mfa: bool = False


@dataclass(frozen=True)
class AuthenticatedSubject:
    """A person authenticated by an IdP, with an identifier that the IdP is allowed to assert.

    ``affiliations`` have a scope that the rule allows; scoped values in ``attributes`` have a scope
    of the IdP. Other attributes are not verified: those of ``verified_claims.DISPLAY_ONLY`` are for
    display, entitlements and groups are accepted from any IdP.
    """

    identifier_type: str
    identifier: str
    issuer: str
    affiliations: frozenset[str]
    attributes: Attributes
    assertion: VerifiedAssertion

    @property
    def uid(self) -> str:
        """The key of this identity: 64 hexadecimal digits over type, value and issuer."""
        key = "\0".join((self.identifier_type, self.identifier, self.issuer))
        return hashlib.sha256(key.encode()).hexdigest()

    @property
    def principal_name(self) -> str:
        """The identifier if it is scoped, which identifies a person at an institution, else "".

        A persistent NameID is never used here, even if it looks like a scoped value.
        """
        return self.identifier if self.identifier_type in SCOPED_IDENTIFIERS else ""


def read_response(encoded: str, *, sp: ServiceProvider, expected: Expected) -> AuthenticatedSubject:
    """Verify the base64 ``SAMLResponse`` of a POST and return the authenticated subject.

    The caller must have checked the request, its browser and its IdP. Raises ``SamlError``.
    """
    received = _decode(encoded)
    root = _checked(received)
    _check_envelope(root, sp, expected)
    _check_status(root)
    read, verified = _verify(client_for(sp, expected.idp), received, expected)
    root = _checked(read)
    _check_signatures(root, verified)
    assertion = read_assertion(
        single_assertion(root),
        entity_id=sp.entity_id,
        acs_url=sp.acs_url,
        idp_entity_id=expected.idp.entity_id,
        request_id=expected.request_id,
    )
    if expected.mfa and assertion.authn_context != REFEDS_MFA:
        raise MfaNotDone(f"{assertion.authn_context} instead of {REFEDS_MFA}")
    return _subject(assertion, sp, expected)


def response_request_id(encoded: str) -> str:
    """Return the InResponseTo of an unverified response, "" without one."""
    return str(_checked(_decode(encoded)).get("InResponseTo", ""))


def _decode(encoded: str) -> bytes:
    if len(encoded) > MAX_MESSAGE_BYTES * 4 // 3 + 4:
        raise ResponseRefused("too large")
    return decode_base64(encoded)


def _checked(xml: bytes) -> etree._Element:
    root = parse_message(xml)
    check_response(root)
    return root


def _check_envelope(root: etree._Element, sp: ServiceProvider, expected: Expected) -> None:
    if text_of(root.find(tag(SAML, "Issuer"))) != expected.idp.entity_id:
        raise NotOurs("the response is from another IdP than the request was sent to")
    if root.get("Destination") != sp.acs_url:
        raise NotOurs(f"destination {root.get('Destination')}")
    if root.get("InResponseTo") != expected.request_id:
        raise NotOurs(f"in response to {root.get('InResponseTo')}")
    check_fresh(root.get("IssueInstant"))


def _check_status(root: etree._Element) -> None:
    codes = [element.get("Value", "") for element in root.iter(tag(SAMLP, "StatusCode"))]
    if codes[:1] == [_SUCCESS]:
        return
    if _NO_CONTEXT in codes:
        raise MfaNotDone("NoAuthnContext")
    if _NOT_KNOWN & set(codes) or codes == [_REQUESTER]:
        raise NotKnownToIdp(" ".join(codes))
    raise StatusRefused(" ".join(codes))


def _verify(client: Any, received: bytes, expected: Expected) -> tuple[bytes, set[tuple[str, str]]]:
    """Return the decrypted response, and the elements whose signatures pysaml2 verified."""
    from saml2.validate import ResponseLifetimeExceed, ToEarly

    from accounts.saml.signatures.pysaml2_backend import LimitedXmlsec

    backend = LimitedXmlsec(received)
    client.sec.crypto = backend
    # With another binding, pysaml2 would try to inflate the message.
    client.unravel = lambda octets, _binding, _kind: octets
    try:
        response = client.parse_authn_request_response(
            received,
            HTTP_POST,
            outstanding={expected.request_id: "/"},
            conv_info={"entity_id": client.config.entityid},
        )
    except (ToEarly, ResponseLifetimeExceed) as error:
        raise ClockSkew(str(error)[:_MAX_REASON_CHARS]) from None
    # pysaml2 raises bare exceptions for a wrong audience, and errors about None values.
    except Exception as error:  # noqa: BLE001
        # Its messages may contain the whole document with its personal data.
        reason = f"{type(error).__name__}: {error}"[:_MAX_REASON_CHARS]
        raise ResponseRefused(reason) from None
    if response is None:
        raise ResponseRefused("pysaml2 reads nothing in it")
    return backend.read, backend.verified


def _check_signatures(root: etree._Element, verified: set[tuple[str, str]]) -> None:
    """Check that the response or its assertion is signed, and that all signatures are verified."""
    proofs = {
        (_CLASS_NAMES[parent.tag], parent.get("ID", ""))
        for signature in root.iter(tag(DS, "Signature"))
        if (parent := signature.getparent()) is not None
    }
    assertion = single_assertion(root)
    ours = {(_CLASS_NAMES[element.tag], element.get("ID", "")) for element in (root, assertion)}
    if not proofs & ours or not proofs <= verified:
        raise ResponseRefused("a signature is missing or was not verified")


def _subject(
    assertion: VerifiedAssertion, sp: ServiceProvider, expected: Expected
) -> AuthenticatedSubject:
    scopes = allowed_scopes(expected.declared_scopes, expected.allowed_scopes)
    declared = allowed_scopes(expected.declared_scopes, ())
    found = scoped_identifier(assertion.attributes, scopes)
    name_id = assertion.name_id
    if found is None and name_id and name_id.format == _PERSISTENT:
        ours = name_id.name_qualifier in ("", expected.idp.entity_id)
        if ours and name_id.sp_name_qualifier in ("", sp.entity_id):
            found = "persistent", name_id.value
    if found is None:
        raise NothingReleased(", ".join(sorted(assertion.attributes)) or "no attributes")
    return AuthenticatedSubject(
        identifier_type=found[0],
        identifier=found[1],
        issuer=expected.idp.entity_id,
        affiliations=scoped_affiliations(assertion.attributes, scopes),
        attributes=within_scopes_only(assertion.attributes, declared),
        assertion=assertion,
    )
