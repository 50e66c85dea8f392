"""Responses that are unsigned, or signed by a wrong key or a weak algorithm."""

import pytest
from lxml import etree

from accounts.saml.client import IdpMetadata
from accounts.saml.messages.response import Expected
from accounts.saml.metadata.aggregates import idp_only
from tests.accounts.saml.idps import forger
from tests.accounts.saml.idps.changes import EVE, find
from tests.accounts.saml.idps.forger import SAMLP


def test_unsigned_is_refused(answer, refused):
    refused(answer.tree())


@pytest.mark.parametrize("how", [forger.signed_assertion, forger.signed_response])
def test_tampered_is_refused(answer, refused, how):
    root = how(answer)
    find(root, ".//saml:AttributeValue").text = EVE
    refused(root)


@pytest.mark.parametrize("how", [forger.signed_assertion, forger.signed_response])
def test_foreign_key_with_its_certificate_is_refused(answer, refused, all_keys, how):
    refused(how(answer, keys=all_keys["attacker"]))


def test_key_of_sp_role_is_refused(sp, answer, refused, idp_a, all_keys):
    role = f"""<md:SPSSODescriptor protocolSupportEnumeration="{SAMLP}">
      <md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>
      {all_keys["attacker"].base64}</ds:X509Certificate></ds:X509Data></ds:KeyInfo>
      </md:KeyDescriptor><md:AssertionConsumerService index="0" Location="https://x.example/"
      Binding="urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"/></md:SPSSODescriptor>"""
    both = idp_a.metadata().replace("</md:EntityDescriptor>", f"{role}</md:EntityDescriptor>")
    entity = etree.fromstring(both)
    expected = Expected("_request1", IdpMetadata(idp_a.entity_id, idp_only(entity)), idp_a.scopes)
    refused(forger.signed_assertion(answer, keys=all_keys["attacker"]), expected=expected)


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
def test_weak_algorithms_are_refused(answer, refused, methods):
    try:
        root = forger.signed_assertion(answer, **methods)
    except AssertionError:
        # xmlsec1 itself refuses to sign with it: say so in a well-signed document.
        root = forger.signed_assertion(answer)
        name = "SignatureMethod" if "signature_method" in methods else "DigestMethod"
        find(root, f".//ds:{name}").set("Algorithm", next(iter(methods.values())))
    refused(root, match="signature by|digest by")


def test_public_key_as_hmac_key_is_refused(answer, refused, idp_a, tmp_path):
    """The public certificate as the secret of an HMAC."""
    secret = tmp_path / "secret"
    secret.write_bytes(idp_a.keys[0].pem.encode())
    root = forger.signed_assertion(
        answer,
        signature_method="http://www.w3.org/2001/04/xmldsig-more#hmac-sha256",
        key_option=("--hmackey", str(secret)),
    )
    refused(root, match="signature by")


def test_key_by_retrieval_method_is_refused(answer, refused):
    root = forger.signed_assertion(answer)
    info = find(root, ".//ds:KeyInfo")
    etree.SubElement(info, f"{{{forger.DS}}}RetrievalMethod").set("URI", "http://127.0.0.1:9/")
    refused(root, match="elsewhere")


def test_xslt_transform_is_refused(answer, refused):
    root = forger.signed_assertion(answer)
    find(root, ".//ds:Transform").set("Algorithm", "http://www.w3.org/TR/1999/REC-xslt-19991116")
    refused(root, match="transform by")
