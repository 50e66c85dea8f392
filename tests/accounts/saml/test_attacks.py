"""Everything that a well-behaved IdP will not send: none of it authenticates anybody.

Each attack is named with the reason for which it must fail, so that none fails by accident. What
needs the request's state (replay, other browsers, other tenants) is in ``test_login.py``.
"""

import base64
import copy
import zlib
from datetime import timedelta

import pytest
from lxml import etree

from accounts.saml.errors import (
    ClockSkew,
    MfaNotDone,
    NothingReleased,
    NotOurs,
    ResponseRefused,
    StatusRefused,
)
from accounts.saml.metadata import idp_only
from accounts.saml.responses import Expected, read_response
from accounts.saml.service_provider import IdpMetadata
from tests.accounts.saml import forger
from tests.accounts.saml.forger import NS, SAML, SAMLP, Answer, assertion_of

EVE = "eve@univ-a.example"


@pytest.fixture
def expected(idp_a):
    return Expected(
        request_id="_request1",
        idp=IdpMetadata(idp_a.entity_id, idp_a.metadata()),
        declared_scopes=idp_a.scopes,
    )


@pytest.fixture
def answer(sp, idp_a):
    return Answer(idp_a, sp, "_request1")


@pytest.fixture
def refused(sp, expected):
    """``refused(xml, error, match)``: nobody is authenticated, for that reason."""

    def check(xml, error=ResponseRefused, match=None, expected=expected):
        encoded = xml if isinstance(xml, str) else forger.post(xml)
        with pytest.raises(error, match=match):
            read_response(encoded, sp=sp, expected=expected)

    return check


def find(root, path):
    return root.find(path, NS)


def remove(path):
    """A change that removes an element."""

    def change(root):
        element = find(root, path)
        element.getparent().remove(element)

    return change


def put(path, name, value):
    """A change of an attribute; None removes it."""

    def change(root):
        element = root if path == "." else find(root, path)
        if value is None:
            del element.attrib[name]
        else:
            element.set(name, value)

    return change


def write(path, text):
    """A change of a text."""

    def change(root):
        find(root, path).text = text

    return change


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
def test_wrong_content(answer, refused, how, change, error, match):
    refused(how(answer, before=change), error, match)


@pytest.mark.parametrize(
    "change",
    [
        WRONG_CONTENT[name][0]
        for name in ("wrong audience", "no conditions", "wrong recipient", "an advice")
    ],
    ids=["audience", "conditions", "recipient", "advice"],
)
def test_wrong_content_encrypted(answer, refused, all_keys, change):
    root = forger.encrypt(forger.signed_assertion(answer, before=change), all_keys["sp"])
    refused(root, ResponseRefused)


@pytest.mark.parametrize("minutes", [-6, 6])
def test_a_clock_six_minutes_off(sp, idp_a, refused, minutes):
    answer = Answer(idp_a, sp, "_request1", shift=timedelta(minutes=minutes))
    refused(forger.signed_assertion(answer), ClockSkew)


def test_unsigned(answer, refused):
    refused(answer.tree())


@pytest.mark.parametrize("how", [forger.signed_assertion, forger.signed_response])
def test_tampered(answer, refused, how):
    root = how(answer)
    find(root, ".//saml:AttributeValue").text = EVE
    refused(root)


@pytest.mark.parametrize("how", [forger.signed_assertion, forger.signed_response])
def test_a_foreign_key_with_its_certificate(answer, refused, all_keys, how):
    refused(how(answer, keys=all_keys["attacker"]))


def test_an_sp_role_signs(sp, answer, refused, idp_a, all_keys):
    role = f"""<md:SPSSODescriptor protocolSupportEnumeration="{SAMLP}">
      <md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>
      {all_keys["attacker"].base64}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>
      </md:KeyDescriptor><md:AssertionConsumerService index="0" Location="https://x.example/"
      Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"/></md:SPSSODescriptor>"""
    both = idp_a.metadata().replace("</md:EntityDescriptor>", f"{role}</md:EntityDescriptor>")
    entity = etree.fromstring(both)
    expected = Expected("_request1", IdpMetadata(idp_a.entity_id, idp_only(entity)), idp_a.scopes)
    refused(forger.signed_assertion(answer, keys=all_keys["attacker"]), expected=expected)


def test_idp_mix_up(sp, refused, idp_b):
    """B answers, under its own name and key, a request that was sent to A."""
    refused(forger.signed_assertion(Answer(idp_b, sp, "_request1")), NotOurs, "another IdP")


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
def test_the_responses_issuer_swapped(sp, refused, idp_a, idp_b, all_keys, encrypted):
    """B's assertion within a response that says A, which nothing signs."""
    root = forger.signed_assertion(Answer(idp_b, sp, "_request1"))
    root.find(f"{{{SAML}}}Issuer").text = idp_a.entity_id
    refused(forger.encrypt(root, all_keys["sp"]) if encrypted else root)


@pytest.mark.parametrize("encrypted", [False, True], ids=["plain", "encrypted"])
def test_the_assertions_issuer_swapped(sp, refused, idp_a, idp_b, all_keys, encrypted):
    """B signs, as a response of its own, an assertion that says A."""
    root = Answer(idp_b, sp, "_request1").tree()
    find(root, "saml:Assertion/saml:Issuer").text = idp_a.entity_id
    if encrypted:
        root = forger.encrypt(root, all_keys["sp"])
    refused(forger.sign(root, root, all_keys["idp-b"]), NotOurs)


SHA1 = "http://www.w3.org/2000/09/xmldsig#sha1"
MD5 = "http://www.w3.org/2001/04/xmldsig-more#md5"


@pytest.mark.parametrize(
    "methods",
    [
        {"signature_method": "http://www.w3.org/2000/09/xmldsig#rsa-sha1"},
        {"digest_method": SHA1},
        {"digest_method": MD5},
        {"signature_method": "http://www.w3.org/2001/04/xmldsig-more#rsa-md5"},
    ],
    ids=["rsa-sha1", "sha1", "md5", "rsa-md5"],
)
def test_weak_algorithms(answer, refused, methods):
    try:
        root = forger.signed_assertion(answer, **methods)
    except AssertionError:
        # xmlsec1 itself refuses to sign with it: say so in a well-signed document.
        root = forger.signed_assertion(answer)
        name = "SignatureMethod" if "signature_method" in methods else "DigestMethod"
        find(root, f".//ds:{name}").set("Algorithm", next(iter(methods.values())))
    refused(root, match="signature by|digest by")


def test_hmac_confusion(answer, refused, idp_a, tmp_path):
    """The public certificate as the secret of an HMAC."""
    secret = tmp_path / "secret"
    secret.write_bytes(idp_a.keys[0].pem.encode())
    root = forger.signed_assertion(
        answer,
        signature_method="http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        key_option=("--hmackey", str(secret)),
    )
    refused(root, match="signature by")


def evil_copy(root):
    """A copy of the assertion that says somebody else, unsigned, under another ID."""
    evil = copy.deepcopy(assertion_of(root))
    evil.set("ID", "_evil")
    find(evil, ".//saml:AttributeValue").text = EVE
    signature = find(evil, "ds:Signature")
    if signature is not None:
        evil.remove(signature)
    return evil


def wrap_1(root, good, evil):
    """Before the signed assertion."""
    root.insert(root.index(good), evil)


def wrap_2(root, good, evil):
    """After it."""
    root.append(evil)


def wrap_3(root, good, evil):
    """The evil assertion around the signed one."""
    root.replace(good, evil)
    evil.append(good)


def wrap_4(root, good, evil):
    """The signed one in the signature that moved to the evil one."""
    signature = find(good, "ds:Signature")
    root.replace(good, evil)
    evil.insert(1, signature)
    signature.append(good)


def wrap_5(root, good, evil):
    """The signed one in an Object of the evil one's signature."""
    signature = find(good, "ds:Signature")
    root.replace(good, evil)
    evil.insert(1, signature)
    holder = etree.SubElement(signature, f"{{{forger.DS}}}Object")
    holder.append(good)


def wrap_6(root, good, evil):
    """The signed one in Extensions."""
    root.replace(good, evil)
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    extensions.append(good)
    root.insert(1, extensions)


def wrap_7(root, good, evil):
    """The same ID twice."""
    evil.set("ID", good.get("ID"))
    root.insert(root.index(good), evil)


def wrap_8(root, good, evil):
    """The signed one in an attribute value of the evil one."""
    root.replace(good, evil)
    find(evil, ".//saml:AttributeValue").append(good)


@pytest.mark.parametrize(
    "wrap",
    [wrap_1, wrap_2, wrap_3, wrap_4, wrap_5, wrap_6, wrap_7, wrap_8],
    ids=lambda w: w.__name__,
)
def test_signature_wrapping(answer, refused, wrap):
    root = forger.signed_assertion(answer)
    good, evil = assertion_of(root), evil_copy(root)
    wrap(root, good, evil)
    refused(root)


def test_a_signed_response_within_another(answer, refused):
    """The signed response in Extensions of an unsigned one that says somebody else."""
    good = forger.signed_response(answer)
    evil = answer.tree()
    find(evil, ".//saml:AttributeValue").text = EVE
    extensions = etree.Element(f"{{{SAMLP}}}Extensions")
    extensions.append(good)
    evil.insert(1, extensions)
    refused(evil)


def test_two_signed_assertions(answer, refused):
    root = forger.signed_assertion(answer)
    root.append(assertion_of(forger.signed_assertion(answer)))
    refused(root)


def test_an_identifier_twice(answer, refused):
    def change(root):
        find(root, ".//saml:NameID").set("ID", assertion_of(root).get("ID"))

    refused(forger.signed_response(answer, before=change), match="twice")


def test_an_advice_is_injected(answer, refused):
    root = forger.signed_assertion(answer)
    advice = etree.SubElement(assertion_of(root), f"{{{SAML}}}Advice")
    advice.append(evil_copy(root))
    refused(root)


def test_a_key_that_is_elsewhere(answer, refused):
    root = forger.signed_assertion(answer)
    info = find(root, ".//ds:KeyInfo")
    etree.SubElement(info, f"{{{forger.DS}}}RetrievalMethod").set("URI", "http://127.0.0.1:9/")
    refused(root, match="elsewhere")


def test_a_transform_by_xslt(answer, refused):
    root = forger.signed_assertion(answer)
    find(root, ".//ds:Transform").set("Algorithm", "http://www.w3.org/TR/1999/REC-xslt-19991116")
    refused(root, match="transform by")


@pytest.mark.parametrize(
    "prologue",
    [
        '<!DOCTYPE Response [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;"><!ENTITY c "&b;&b;">]>',
        "<!DOCTYPE Response>",
        "<!doctype Response SYSTEM 'http://127.0.0.1:9/x.dtd'>",
    ],
    ids=["xxe", "laughs", "empty", "external"],
)
def test_a_doctype(answer, refused, prologue):
    xml = prologue.encode() + etree.tostring(forger.signed_assertion(answer))
    refused(forger.post(xml), match="DOCTYPE")


@pytest.mark.parametrize("encoding", ["UTF-16", "UTF-7", "ISO-8859-1"])
def test_an_encoding_that_hides_a_doctype(answer, refused, encoding):
    text = etree.tostring(forger.signed_assertion(answer), encoding="unicode")
    declared = f'<?xml version="1.0" encoding="{encoding}"?><!-- -->{text}'
    refused(forger.post(declared.encode(encoding if encoding == "UTF-16" else "ascii")))


@pytest.mark.parametrize("content", ["<!--x-->", "<?php x?>"], ids=["comment", "instruction"])
def test_nodes_beside_the_root(answer, refused, content):
    refused(forger.post(content + etree.tostring(forger.signed_assertion(answer)).decode()))


def test_oversized(refused):
    refused(base64.b64encode(b"<a>" + b"x" * (512 << 10) + b"</a>").decode(), match="too large")


def test_a_deflate_bomb(refused):
    """POST is never inflated, whatever it holds."""
    bomb = zlib.compress(b"<a>" + b"x" * (64 << 20) + b"</a>")[2:-4]
    refused(base64.b64encode(bomb).decode())


@pytest.mark.parametrize("encoded", ["", "%%%", "AAAA", "é" * 10], ids=["empty", "not", "0", "e"])
def test_garbage(refused, encoded):
    refused(encoded)


def test_deep_nesting(refused):
    refused(forger.post("<a>" * 5000 + "</a>" * 5000))


def test_the_wrong_decryption_key(answer, refused, all_keys):
    refused(forger.encrypt(forger.signed_assertion(answer), all_keys["attacker"]))


def test_encrypted_and_unsigned(answer, refused, all_keys):
    refused(forger.encrypt(answer.tree(), all_keys["sp"]))


def test_encrypted_and_signed_by_another(answer, refused, all_keys):
    root = forger.signed_assertion(answer, keys=all_keys["attacker"])
    refused(forger.encrypt(root, all_keys["sp"]))


def test_a_signed_plain_and_an_unsigned_encrypted_assertion(answer, refused, all_keys):
    root = forger.signed_assertion(answer)
    evil = answer.tree()
    find(evil, ".//saml:AttributeValue").text = EVE
    encrypted = forger.encrypt(evil, all_keys["sp"])
    root.append(encrypted.find(f"{{{SAML}}}EncryptedAssertion"))
    refused(root, match="plain and an encrypted")


def test_two_encrypted_assertions(answer, refused, all_keys):
    root = forger.encrypt(forger.signed_assertion(answer), all_keys["sp"])
    more = forger.encrypt(answer.tree(), all_keys["sp"])
    root.append(more.find(f"{{{SAML}}}EncryptedAssertion"))
    refused(root)


def test_triple_des_and_rsa_1_5(answer, refused, all_keys):
    root = forger.encrypt(forger.signed_assertion(answer), all_keys["sp"])
    for method in root.iter("{http://www.w3.org/2001/04/xmlenc#}EncryptionMethod"):
        method.set("Algorithm", "http://www.w3.org/2001/04/xmlenc#rsa-1_5")
    refused(root, match="encrypted by")


@pytest.mark.parametrize(
    "identifiers",
    [
        {"subject-id": ["alice@univ-b.example"]},
        {"subject-id": ["alice@univ-a.example.evil.example"]},
        {"subject-id": ["alice@evil.example@univ-a.example"]},
        {"eppn": ["alice@univ-a.example ", "bob@univ-a.example"]},
        {"eppn": ["alice"]},
        {"eppn": ["@univ-a.example"]},
        {"eppn": ["alice@"]},
        {"eppn": ["al ice@univ-a.example"]},
        {"mail": ["alice@univ-a.example"]},
        {"mail": ["alice@univ-a.example", "bob@univ-a.example"]},
        {"eduPersonPrincipalName": ["alice@univ-a.example"]},
        {},
    ],
    ids=[
        "another's scope",
        "longer scope",
        "two @",
        "two values",
        "no scope",
        "no name",
        "empty scope",
        "space",
        "mail only",
        "several mails",
        "not a URI name",
        "no attributes",
    ],
)
def test_identifiers_that_do_not_count(sp, idp_a, refused, identifiers):
    answer = Answer(idp_a, sp, "_request1", attributes=identifiers)
    refused(forger.signed_assertion(answer), NothingReleased)


def test_a_scope_that_the_rule_does_not_allow(answer, refused, expected):
    narrow = Expected("_request1", expected.idp, expected.declared_scopes, ("lab.univ-a.example",))
    refused(forger.signed_assertion(answer), NothingReleased, expected=narrow)


def test_a_scope_that_the_rule_allows_and_the_idp_has_not(sp, idp_a, refused, expected):
    wide = Expected("_request1", expected.idp, expected.declared_scopes, ("univ-b.example",))
    answer = Answer(idp_a, sp, "_request1", attributes={"eppn": ["eve@univ-b.example"]})
    refused(forger.signed_assertion(answer), NothingReleased, expected=wide)


def test_a_persistent_name_id_of_another_idp(sp, idp_a, refused):
    def change(root):
        find(root, ".//saml:NameID").set("NameQualifier", "https://idp-b.example/idp")

    answer = Answer(
        idp_a,
        sp,
        "_request1",
        attributes={},
        name_id="opaque",
        name_id_format="urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    )
    refused(forger.signed_assertion(answer, before=change), NothingReleased)


def test_authn_context_downgrade(answer, refused, expected):
    strict = Expected("_request1", expected.idp, expected.declared_scopes, mfa=True)
    refused(forger.signed_assertion(answer), MfaNotDone, expected=strict)


@pytest.mark.parametrize(
    ("status", "error"),
    [("Responder", StatusRefused), ("NoAuthnContext", MfaNotDone)],
)
def test_error_statuses(sp, idp_a, refused, status, error):
    value = f"urn:oasis:names:tc:SAML:2.0:status:{status}"
    root = Answer(idp_a, sp, "_request1", status=value).tree()
    root.remove(assertion_of(root))
    refused(root, error)


def test_an_error_status_with_an_assertion(sp, idp_a, refused):
    answer = Answer(idp_a, sp, "_request1", status="urn:oasis:names:tc:SAML:2.0:status:Responder")
    refused(forger.signed_response(answer), StatusRefused)
