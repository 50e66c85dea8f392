"""Files signed by xmlsec1 are accepted, in all serialisations, and no others.

Our result and that of ``xmlsec1`` are compared on the same octets.
"""

import random
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree

from accounts.saml.errors import MetadataRefused
from accounts.saml.signatures import files
from accounts.saml.signatures.files import verify_file
from accounts.saml.signatures.octets import public_keys
from tests.accounts.saml.idps.forger import DS, RSA_SHA256, SHA256, Keys, make_keys

MD = "urn:oasis:names:tc:SAML:2.0:metadata"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
ENVELOPED = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
MORE = "http://www.w3.org/2001/04/xmldsig-more#"


def template(
    uri="#_f",
    *,
    transforms=(ENVELOPED, EXCLUSIVE),
    canonicalisation=EXCLUSIVE,
    method=RSA_SHA256,
    digest=SHA256,
    prefixes="",
):
    """An empty signature for xmlsec1 to fill in."""
    inclusive = f'<e:InclusiveNamespaces xmlns:e="{EXCLUSIVE}" PrefixList="{prefixes}"/>'
    transform = "".join(
        f'<ds:Transform Algorithm="{each}">{inclusive if prefixes and each == EXCLUSIVE else ""}'
        "</ds:Transform>"
        for each in transforms
    )
    return (
        f'<ds:Signature xmlns:ds="{DS}"><ds:SignedInfo><ds:CanonicalizationMethod'
        f' Algorithm="{canonicalisation}"/><ds:SignatureMethod Algorithm="{method}"/>'
        f'<ds:Reference URI="{uri}"><ds:Transforms>{transform}</ds:Transforms>'
        f'<ds:DigestMethod Algorithm="{digest}"/><ds:DigestValue/></ds:Reference></ds:SignedInfo>'
        "<ds:SignatureValue/></ds:Signature>"
    )


def document(content, signature=None, *, attributes="", before="", name="md:EntitiesDescriptor"):
    """A file to sign; ``content`` follows the signature."""
    signature = template() if signature is None else signature
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{before}<{name} xmlns:md="{MD}" ID="_f"'
        f"{attributes}>\n  {signature}{content}</{name}>\n"
    ).encode()


def entity(content="", attributes=""):
    return f'<md:EntityDescriptor entityID="x"{attributes}>{content}</md:EntityDescriptor>'


@pytest.fixture
def xmlsec(tmp_path, all_keys):
    """``xmlsec.sign(xml)`` and ``xmlsec.accepts(xml)``, by the federation's key."""

    class Xmlsec:
        def run(self, action, xml, *arguments):
            source = tmp_path / "source.xml"
            source.write_bytes(xml)
            names = ("EntitiesDescriptor", "EntityDescriptor")
            ids = [f"--id-attr:ID={MD}:{name}" for name in names]
            ids = [part for each in ids for part in each.split("=", 1)]
            return subprocess.run(
                ["xmlsec1", action, *arguments, *ids,
                 "--node-xpath", "/*/*[local-name()='Signature']", str(source)],
                capture_output=True, check=False,
            )  # fmt: skip

        def sign(self, xml, *key):
            key = key or ("--privkey-pem", str(all_keys["federation"].key))
            ended = self.run("--sign", xml, *key)
            assert ended.returncode == 0, ended.stderr
            return ended.stdout

        def accepts(self, xml):
            certificate = str(all_keys["federation"].certificate)
            return self.run("--verify", xml, "--pubkey-cert-pem", certificate).returncode == 0

    return Xmlsec()


@pytest.fixture
def check(tmp_path, all_keys):
    """``check(xml)``: verify a file, return what is signed. Raises MetadataRefused."""

    def verified(xml, keys=None):
        path, canonical = tmp_path / "file.xml", tmp_path / "canonical.xml"
        path.write_bytes(xml)
        verify_file(path, canonical, keys or keys_of(all_keys["federation"]))
        return canonical.read_bytes()

    return verified


def keys_of(pair: Keys):
    certificate = x509.load_pem_x509_certificate(pair.pem.encode())
    return public_keys([certificate.public_bytes(serialization.Encoding.DER)])


def accepted(check, xml):
    try:
        check(xml)
    except MetadataRefused:
        return False
    return True


WAYS_TO_WRITE = {
    "comments": "<!-- a -->" + entity("b<!-- c -->d") + "<!-- e -->text<!-- f -->text",
    "character data": entity("<md:A><![CDATA[<a> & ]]>]]&gt;</md:A><![CDATA[]]>"),
    "character references": entity("<md:A>&#13;&#10;&#9;&#x20AC;&#xe9; é € 𝔸 &lt;&gt;&amp;</md:A>"),
    "attributes": entity(
        attributes=' z="1" a="2" b=\'"&apos;&quot;&#10;&#9; \n\t x &lt; > &amp;\''
    ),
    "languages": entity('<md:A xml:lang="fr" xml:space="preserve">  é </md:A>'),
    "line ends": entity("a\r\nb\rc\n") + "\r\n",
    "default namespace": entity('<A xmlns="urn:a"><B/><C xmlns=""><D/></C><E xmlns="urn:a"/></A>'),
    "a default that is the root's": f'<EntityDescriptor xmlns="{MD}"><A/></EntityDescriptor>',
    "a prefix again": entity(f'<md:A xmlns:md="urn:a"><md:B xmlns:md="{MD}"/></md:A>'),
    "a prefix again, the same": entity(f'<md:A xmlns:md="{MD}"><md:B xmlns:md="{MD}"/></md:A>'),
    "another prefix": f'<x:EntityDescriptor xmlns:x="{MD}"><md:A x:b="1"/></x:EntityDescriptor>',
    "unused namespaces": entity(
        '<md:A xmlns:u="urn:u"><md:B u:v="1" w="2"/></md:A>', ' xmlns:q="urn:q"'
    ),
    "namespaces in attributes": entity('<md:A xmlns:b="urn:z" xmlns:a="urn:y" a:c="1" b:c="2"/>'),
    "types": entity('<md:A xmlns:xs="urn:xs" xmlns:xsi="urn:xsi" xsi:type="xs:string">v</md:A>'),
    "instructions": entity("<?php a ?>b<?c?>"),
    "empty": "",
    "a group in a group": f"<md:EntitiesDescriptor>{entity()}</md:EntitiesDescriptor>{entity()}",
    "text that looks like tags": entity(f' xmlns:md="{MD}" '),
    "a text that looks like the end": entity("&lt;/md:EntitiesDescriptor&gt;"),
    "another signature": entity(f'<ds:Signature xmlns:ds="{DS}"/>') + "tail",
    "spaces": "\n\t " + entity("  ") + " \n ",
}


@pytest.mark.parametrize("content", WAYS_TO_WRITE.values(), ids=WAYS_TO_WRITE)
@pytest.mark.parametrize(
    "attributes",
    ["", f' xml:lang="fr" xmlns="{MD}" xmlns:u="urn:u" z="1" Name="é&#10;&quot;"'],
    ids=["bare", "attributes"],
)
def test_file_signed_by_xmlsec1_is_accepted(xmlsec, check, monkeypatch, content, attributes):
    # Blocks that end anywhere, within what is repeated.
    monkeypatch.setattr(files, "_BLOCK_BYTES", 900)
    signed = xmlsec.sign(document(content * 40, attributes=attributes))
    assert xmlsec.accepts(signed)
    root = etree.fromstring(check(signed))
    assert root.find(f"{{{DS}}}Signature") is None
    assert len(root) == len(etree.fromstring(signed).findall("*")) - 1


@pytest.mark.parametrize("seed", range(6))
def test_changed_file_is_refused_as_by_xmlsec1(xmlsec, check, seed):
    """One octet less, one more, or two that change places: wherever that is."""
    chance = random.Random(seed)
    content = "".join(chance.sample(list(WAYS_TO_WRITE.values()), 8))
    signed = xmlsec.sign(document(content, attributes=' xmlns:u="urn:u" Name="é"'))
    verdicts = set()
    for _ in range(25):
        at = chance.randrange(len(signed) - 1)
        changed = chance.choice(
            [
                signed[:at] + signed[at + 1 :],
                signed[:at] + chance.choice([b" ", b"x", b"<!---->", b"&#9;"]) + signed[at:],
                signed[:at] + signed[at : at + 2][::-1] + signed[at + 2 :],
            ]
        )
        verdict = accepted(check, changed)
        # We refuse more than xmlsec1, which takes any base64 and any place of the signature.
        assert xmlsec.accepts(changed) or not verdict, changed
        verdicts.add(verdict)
    assert False in verdicts


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b'entityID="x"', b"entityID = 'x'"),
        (b">text<", b">te<!-- c -->xt<"),
        (b">text<", b"><![CDATA[text]]><"),
        (b">text<", b">te&#120;t<"),
        (b"<md:A></md:A>", b"<md:A />"),
        (b"</md:A>", b"</md:A\n>"),
    ],
    ids=["quotes", "comment", "character data", "reference", "empty element", "space"],
)
def test_equivalent_serialisations_are_accepted(xmlsec, check, before, after):
    signed = xmlsec.sign(document(entity("<md:A></md:A>") + "<md:B>text</md:B>"))
    signed = signed.replace(b"<md:A/>", b"<md:A></md:A>")
    changed = signed.replace(before, after, 1)
    assert changed != signed
    assert xmlsec.accepts(changed)
    assert check(changed) == check(signed)


@pytest.mark.parametrize("bits", [256, 384, 512])
@pytest.mark.parametrize("uri", ["", "#_f"])
def test_only_accepted_algorithms_verify(xmlsec, check, bits, uri):
    digest = MORE + "sha384" if bits == 384 else f"http://www.w3.org/2001/04/xmlenc#sha{bits}"
    signature = template(uri, method=f"{MORE}rsa-sha{bits}", digest=digest)
    assert check(xmlsec.sign(document(entity(), signature)))


@pytest.mark.parametrize("prefixes", ["xs", "xs u md"])
def test_inclusive_prefixes_are_canonicalised(xmlsec, check, prefixes):
    content = entity('<md:A xmlns:xs="urn:xs"><md:B xmlns:xs="urn:2"/></md:A>') * 2
    spaces = ' xmlns:u="urn:u" xmlns="urn:d" xmlns:xs="urn:xs"'
    signed = xmlsec.sign(document(content, template(prefixes=prefixes), attributes=spaces))
    assert xmlsec.accepts(signed)
    assert check(signed)


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1()], ids=["256", "384"])
def test_elliptic_curves_are_accepted(xmlsec, check, tmp_path, curve):
    pair = make_keys(tmp_path, "curve", ec.generate_private_key(curve))
    xml = document(entity(), template(method=f"{MORE}ecdsa-sha256"))
    signed = xmlsec.sign(xml, "--privkey-pem", str(pair.key))
    assert check(signed, keys_of(pair))
    with pytest.raises(MetadataRefused, match="no pinned certificate"):
        check(signed)


def test_short_key_is_refused(tmp_path):
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505
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
