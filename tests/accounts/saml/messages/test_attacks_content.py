"""Responses that the IdP signed and that must be refused, each for its own reason."""

from datetime import timedelta

import pytest
from lxml import etree

from accounts.saml.errors import (
    ClockSkew,
    MfaNotDone,
    NotOurs,
    ResponseRefused,
    StatusRefused,
)
from accounts.saml.messages.response import Expected
from tests.accounts.saml.idps import forger
from tests.accounts.saml.idps.changes import find, put, remove, write
from tests.accounts.saml.idps.forger import SAML, Answer, assertion_of

CONFIRMATION = ".//saml:SubjectConfirmation"


DATA = ".//saml:SubjectConfirmationData"


OTHER = "https://other.example/"


LONG_AGO = "2020-01-01T00:00:00Z"


FAR_AHEAD = "2120-01-01T00:00:00Z"


# Signed by the IdP itself, and wrong: (change before signing, error, reason).
WRONG_CONTENT = {
    "wrong audience": (write(".//saml:Audience", OTHER), ResponseRefused, "(?i)audience"),
    "wrong destination": (put(".", "Destination", OTHER), NotOurs, "destination"),
    "wrong recipient": (put(DATA, "Recipient", OTHER), ResponseRefused, "recipient"),
    "recipient is the entity id": (
        put(DATA, "Recipient", "https://rag.example/saml/metadata"),
        NotOurs,
        "recipient",
    ),
    "no conditions": (remove(".//saml:Conditions"), ResponseRefused, "Conditions"),
    "no audience restriction": (
        remove(".//saml:AudienceRestriction"),
        ResponseRefused,
        "no audience restriction",
    ),
    "no audience": (remove(".//saml:Audience"), ResponseRefused, None),
    "no recipient": (put(DATA, "Recipient", None), ResponseRefused, "recipient"),
    "no destination": (put(".", "Destination", None), NotOurs, "destination"),
    "no end of the confirmation": (put(DATA, "NotOnOrAfter", None), ResponseRefused, None),
    "no confirmation data": (remove(DATA), ResponseRefused, None),
    "no confirmation": (remove(CONFIRMATION), ResponseRefused, None),
    "no subject": (remove(".//saml:Subject"), ResponseRefused, "Subject"),
    "no statement": (remove(".//saml:AuthnStatement"), ResponseRefused, "AuthnStatement"),
    "confirmation ended": (put(DATA, "NotOnOrAfter", LONG_AGO), ClockSkew, None),
    "conditions ended": (
        lambda root: [
            put(".//saml:Conditions", "NotBefore", "2019-01-01T00:00:00Z")(root),
            put(".//saml:Conditions", "NotOnOrAfter", LONG_AGO)(root),
        ],
        ClockSkew,
        None,
    ),
    "not yet valid": (put(".//saml:Conditions", "NotBefore", FAR_AHEAD), ResponseRefused, None),
    "stale response": (put(".", "IssueInstant", LONG_AGO), ClockSkew, "issued at"),
    "stale assertion": (put("saml:Assertion", "IssueInstant", LONG_AGO), ClockSkew, "issued at"),
    "session ended": (
        put(".//saml:AuthnStatement", "SessionNotOnOrAfter", LONG_AGO),
        ClockSkew,
        None,
    ),
    "unsolicited": (put(".", "InResponseTo", None), NotOurs, "in response to"),
    "another request": (put(".", "InResponseTo", "_request2"), NotOurs, "in response to"),
    "confirmation of another request": (
        put(DATA, "InResponseTo", "_request2"),
        ResponseRefused,
        None,
    ),
    "confirmation of no request": (put(DATA, "InResponseTo", None), ResponseRefused, None),
    "sender-vouches": (
        put(CONFIRMATION, "Method", "urn:oasis:names:tc:SAML:2.0:cm:sender-vouches"),
        ResponseRefused,
        "confirmed by",
    ),
    "SAML 1.1": (put(".", "Version", "1.1"), ResponseRefused, "not a SAML 2.0"),
    "another assertion's issuer": (
        write("saml:Assertion/saml:Issuer", "https://idp-b.example/idp"),
        ResponseRefused,
        None,
    ),
    "a comment in an identifier": (
        lambda root: find(root, ".//saml:AttributeValue").append(etree.Comment("")),
        ResponseRefused,
        "comment",
    ),
    "an advice": (
        lambda root: assertion_of(root).append(etree.Element(f"{{{SAML}}}Advice")),
        ResponseRefused,
        "Advice",
    ),
    "an unknown condition": (
        lambda root: find(root, ".//saml:Conditions").append(etree.Element(f"{{{SAML}}}Condition")),
        ResponseRefused,
        None,
    ),
}


@pytest.mark.parametrize("how", [forger.signed_assertion, forger.signed_response])
@pytest.mark.parametrize(("change", "error", "match"), WRONG_CONTENT.values(), ids=WRONG_CONTENT)
def test_wrong_content_is_refused(answer, refused, how, change, error, match):
    refused(how(answer, before=change), error, match)


@pytest.mark.parametrize(
    "change",
    [
        WRONG_CONTENT[name][0]
        for name in ("wrong audience", "no conditions", "wrong recipient", "an advice")
    ],
    ids=["audience", "conditions", "recipient", "advice"],
)
def test_wrong_encrypted_content_is_refused(answer, refused, all_keys, change):
    root = forger.encrypt(forger.signed_assertion(answer, before=change), all_keys["sp"])
    refused(root, ResponseRefused)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_clock_skew_of_six_minutes_is_refused(sp, idp_a, refused, minutes):
    answer = Answer(idp_a, sp, "_request1", shift=timedelta(minutes=minutes))
    refused(forger.signed_assertion(answer), ClockSkew)


def test_response_of_other_idp_is_refused(sp, refused, idp_b):
    """B answers, under its own name and key, a request that was sent to A."""
    refused(forger.signed_assertion(Answer(idp_b, sp, "_request1")), NotOurs, "another IdP")


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
def test_response_with_other_issuer_is_refused(sp, refused, idp_a, idp_b, all_keys, encrypted):
    """B's assertion within a response that says A, which nothing signs."""
    root = forger.signed_assertion(Answer(idp_b, sp, "_request1"))
    root.find(f"{{{SAML}}}Issuer").text = idp_a.entity_id
    refused(forger.encrypt(root, all_keys["sp"]) if encrypted else root)


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
def test_assertion_with_other_issuer_is_refused(sp, refused, idp_a, idp_b, all_keys, encrypted):
    """B signs, as a response of its own, an assertion that says A."""
    root = Answer(idp_b, sp, "_request1").tree()
    find(root, "saml:Assertion/saml:Issuer").text = idp_a.entity_id
    if encrypted:
        root = forger.encrypt(root, all_keys["sp"])
    refused(forger.sign(root, root, all_keys["idp-b"]), NotOurs)


def test_authn_context_downgrade_is_refused(answer, refused, expected):
    strict = Expected("_request1", expected.idp, expected.declared_scopes, mfa=True)
    refused(forger.signed_assertion(answer), MfaNotDone, expected=strict)


@pytest.mark.parametrize(
    ("status", "error"),
    [("Responder", StatusRefused), ("NoAuthnContext", MfaNotDone)],
)
def test_error_status_raises_its_error(sp, idp_a, refused, status, error):
    value = f"urn:oasis:names:tc:SAML:2.0:status:{status}"
    root = Answer(idp_a, sp, "_request1", status=value).tree()
    root.remove(assertion_of(root))
    refused(root, error)


def test_error_status_with_assertion_is_refused(sp, idp_a, refused):
    answer = Answer(idp_a, sp, "_request1", status="urn:oasis:names:tc:SAML:2.0:status:Responder")
    refused(forger.signed_response(answer), StatusRefused)
