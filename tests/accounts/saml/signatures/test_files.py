"""Files signed by xmlsec1 are accepted, in all serialisations, and no others.

Our result and that of ``xmlsec1`` are compared on the same octets.
"""

import random

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from lxml import etree

from accounts.saml.errors import MetadataRefused
from accounts.saml.signatures import files
from tests.accounts.saml.idps.forger import DS, make_keys
from tests.accounts.saml.signatures.signed_files import (
    MD,
    MORE,
    document,
    entity,
    keys_of,
    template,
)


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
