"""Metadata files whose signature is missing, of another structure, or of other content."""

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from accounts.saml.errors import MetadataRefused
from accounts.saml.signatures import files
from tests.accounts.saml.idps.forger import make_keys
from tests.accounts.saml.signatures.signed_files import (
    ENVELOPED,
    EXCLUSIVE,
    MORE,
    document,
    entity,
    keys_of,
    template,
)

INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"


def test_short_key_is_refused(tmp_path):
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505 (that is the point)
    assert keys_of(make_keys(tmp_path, "weak", weak)) == []


PART = entity(attributes=' ID="_part"')


# Signed by the pinned key, and not the whole file by what still holds: (file, reason).
WRONG_SHAPES = {
    "a part": (document(PART, template("#_part")), "signed in part"),
    "enveloped alone": (document("", template(transforms=(ENVELOPED,))), "Transform"),
    "inclusive": (document("", template(transforms=(ENVELOPED, INCLUSIVE))), "Transform"),
    "with comments": (
        document("", template(transforms=(ENVELOPED, f"{EXCLUSIVE}WithComments"))),
        "Transform",
    ),
    "inclusive info": (document("", template(canonicalisation=INCLUSIVE)), "Canonicalization"),
    "sha1": (document("", template(digest="http://www.w3.org/2000/09/xmldsig#sha1")), "Digest"),
    "signature last": (document(entity() + template(), ""), "unsigned"),
    "default": (document("", template(prefixes="#default")), "default namespace"),
    "an instruction": (document("<?x y?>"), "instruction"),
    "an instruction before": (document("", before="<?x y?>"), "instruction"),
}


@pytest.mark.parametrize(("xml", "match"), WRONG_SHAPES.values(), ids=WRONG_SHAPES)
def test_other_signature_structures_are_refused(xmlsec, check, xml, match):
    with pytest.raises(MetadataRefused, match=match):
        check(xmlsec.sign(xml))


def test_two_references_are_refused(xmlsec, check):
    signature = template()
    reference = signature[signature.index("<ds:Reference") : signature.index("</ds:SignedInfo>")]
    signed = xmlsec.sign(document("", signature.replace(reference, reference * 2)))
    with pytest.raises(MetadataRefused, match="signed in part"):
        check(signed)


def test_public_key_as_hmac_secret_is_refused(xmlsec, check, all_keys):
    xml = document("", template(method=f"{MORE}hmac-sha256"))
    signed = xmlsec.sign(xml, "--hmackey", str(all_keys["federation"].certificate))
    with pytest.raises(MetadataRefused, match="SignatureMethod"):
        check(signed)


def test_signature_of_other_content_is_refused(xmlsec, check):
    """A good SignedInfo of the federation's own, of another day."""
    old = xmlsec.sign(document(entity(attributes=' a="1"')))
    with pytest.raises(MetadataRefused, match="not what was signed"):
        check(old.replace(b'a="1"', b'a="2"'))


def test_signed_root_inside_another_is_refused(xmlsec, check):
    good = xmlsec.sign(document(entity()))
    inner = good[good.index(b"<md:") :]
    signature = inner[inner.index(b"<ds:Signature") : inner.index(b"</ds:Signature>") + 15]
    outer = document("", signature.decode()).replace(b"</md:Entities", inner + b"</md:Entities")
    with pytest.raises(MetadataRefused):
        check(outer)


@pytest.mark.parametrize(
    ("xml", "match"),
    [
        (b"<!DOCTYPE a [<!ENTITY b 'c'>]>" + document("&b;"), "DOCTYPE"),
        (b" " * (300 << 10) + b"<!DOCTYPE a>" + document(""), "not metadata"),
        (document("").decode().replace("UTF-8", "UTF-16").encode("utf-16"), "byte order mark"),
        (document("").replace(b"UTF-8", b"UTF-7"), "other than XML 1.0 in UTF-8"),
        (b"<a/>", "not metadata"),
        (b"<a>" + document("").partition(b"\n")[2] + b"</a>", "not metadata|not XML"),
        (document("")[:-9], "truncated"),
        (document("", ""), "unsigned"),
    ],
    ids=["entity", "late doctype", "utf-16", "utf-7", "page", "within", "cut", "unsigned"],
)
def test_unsigned_or_malformed_file_is_refused(check, xml, match):
    with pytest.raises(MetadataRefused, match=match):
        check(xml)


def test_oversized_entity_is_refused(xmlsec, check, monkeypatch):
    monkeypatch.setattr(files, "_MAX_CHILD_BYTES", 1 << 20)
    signed = xmlsec.sign(document(entity("x" * (2 << 20)) * 2))
    with pytest.raises(MetadataRefused, match="too large"):
        check(signed)
