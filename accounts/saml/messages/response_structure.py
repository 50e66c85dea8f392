"""The only accepted structure of a response; others are refused before pysaml2 reads them.

    Response[ID, Destination, InResponseTo]
      Issuer, Signature?, Status
      Assertion[ID]              or  EncryptedAssertion
        Issuer, Signature?, Subject, Conditions, AuthnStatement, AttributeStatement?

The document has a single assertion, unique identifiers, and signatures that are enveloped in the
element that they sign, which excludes signature wrapping.
"""

from collections.abc import Iterator

from lxml import etree

from accounts.saml.errors import ResponseRefused
from accounts.saml.signatures.algorithms import (
    DIGEST_METHODS,
    ENVELOPED,
    EXCLUSIVE_C14N,
    SIGNATURE_METHODS,
)
from accounts.saml.xml import DS, SAML, SAMLP, XENC, tag

# RSA 1.5 and triple DES are refused; CBC is accepted, as many IdPs support nothing else.
CIPHERS = frozenset(
    f"{prefix}aes{bits}-{mode}"
    for bits in (128, 192, 256)
    for prefix, mode in (
        ("http://www.w3.org/2001/04/xmlenc#", "cbc"),
        ("http://www.w3.org/2009/xmlenc11#", "gcm"),
    )
)
KEY_TRANSPORTS = frozenset(
    {
        "http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p",
        "http://www.w3.org/2009/xmlenc11#rsa-oaep",
    }
)
_RESPONSE_CHILDREN = {
    tag(SAML, "Issuer"): (1, 1),
    tag(DS, "Signature"): (0, 1),
    tag(SAMLP, "Extensions"): (0, 1),
    tag(SAMLP, "Status"): (1, 1),
    tag(SAML, "Assertion"): (0, 1),
    tag(SAML, "EncryptedAssertion"): (0, 1),
}
_ASSERTION_CHILDREN = {
    tag(SAML, "Issuer"): (1, 1),
    tag(DS, "Signature"): (0, 1),
    tag(SAML, "Subject"): (1, 1),
    tag(SAML, "Conditions"): (1, 1),
    tag(SAML, "AuthnStatement"): (1, 1),
    tag(SAML, "AttributeStatement"): (0, 1),
}
_SIGNED = (tag(SAMLP, "Response"), tag(SAML, "Assertion"))
_ID_NAMES = ("ID", "Id", "id", "{http://www.w3.org/XML/1998/namespace}id")


def check_response(root: etree._Element) -> None:
    """Check a response, before or after decryption. Raises ResponseRefused."""
    if root.tag != tag(SAMLP, "Response") or root.get("Version") != "2.0":
        raise ResponseRefused(f"not a SAML 2.0 response: {root.tag}")
    _check_children(root, _RESPONSE_CHILDREN)
    _check_identifiers(root)
    for signature in root.iter(tag(DS, "Signature")):
        check_signature(signature)
    encrypted = list(root.iter(tag(SAML, "EncryptedAssertion")))
    assertions = list(root.iter(tag(SAML, "Assertion")))
    if len(assertions) > 1 or len(encrypted) > 1:
        raise ResponseRefused("several assertions")
    for assertion in assertions:
        _check_assertion(assertion, root)
    for data in root.iter(tag(XENC, "EncryptedData")):
        if data.getparent() not in encrypted:
            raise ResponseRefused("something other than an assertion is encrypted")
    for element in encrypted:
        if element.getparent() is not root:
            raise ResponseRefused("an encrypted assertion out of place")
        _check_encryption(element)
    if encrypted and assertions and assertions[0].getparent() is not encrypted[0]:
        raise ResponseRefused("a plain and an encrypted assertion")


def single_assertion(root: etree._Element) -> etree._Element:
    """Return the assertion of a checked, decrypted response."""
    assertion = next(root.iter(tag(SAML, "Assertion")), None)
    if assertion is None:
        raise ResponseRefused("no assertion")
    return assertion


def check_signature(signature: etree._Element) -> None:
    """Check that a signature is enveloped in the element it signs, with accepted algorithms."""
    parent = signature.getparent()
    if parent is None or parent.tag not in _SIGNED or not parent.get("ID"):
        raise ResponseRefused("a signature out of place")
    signed_info = signature.find(tag(DS, "SignedInfo"))
    if signed_info is None or signature.find(tag(DS, "Object")) is not None:
        raise ResponseRefused("a signature with an object, or signing nothing")
    if signature.find(f".//{tag(DS, 'RetrievalMethod')}") is not None:
        raise ResponseRefused("a signature whose key is elsewhere")
    references = signed_info.findall(tag(DS, "Reference"))
    if len(references) != 1 or references[0].get("URI") != f"#{parent.get('ID')}":
        raise ResponseRefused("a signature of something else than its parent")
    transforms = {each.get("Algorithm", "") for each in references[0].iter(tag(DS, "Transform"))}
    methods = {
        "canonicalisation": (_algorithms(signed_info, "CanonicalizationMethod"), {EXCLUSIVE_C14N}),
        "signature": (_algorithms(signed_info, "SignatureMethod"), set(SIGNATURE_METHODS)),
        "digest": (_algorithms(references[0], "DigestMethod"), set(DIGEST_METHODS)),
        "transform": (transforms, {EXCLUSIVE_C14N, ENVELOPED}),
    }
    for name, (used, allowed) in methods.items():
        if not used or not used <= allowed:
            raise ResponseRefused(f"{name} by {used}")


def _algorithms(parent: etree._Element, name: str) -> set[str]:
    return {element.get("Algorithm", "") for element in parent.findall(tag(DS, name))}


def _check_children(element: etree._Element, expected: dict[str, tuple[int, int]]) -> None:
    names = [child.tag for child in element]
    for name in set(names) - set(expected):
        raise ResponseRefused(f"{element.tag} with a child {name}")
    for name, (least, most) in expected.items():
        if not least <= names.count(name) <= most:
            raise ResponseRefused(f"{element.tag} with {names.count(name)} {name}")


def _check_identifiers(root: etree._Element) -> None:
    seen: set[str] = set()
    for identifier in _identifiers(root):
        if identifier in seen:
            raise ResponseRefused("an identifier twice")
        seen.add(identifier)


def _identifiers(root: etree._Element) -> Iterator[str]:
    for element in root.iter():
        for name in _ID_NAMES:
            if name in element.attrib:
                yield str(element.attrib[name])


def _check_assertion(assertion: etree._Element, root: etree._Element) -> None:
    parent = assertion.getparent()
    in_place = parent is root or (
        parent is not None
        and parent.tag == tag(SAML, "EncryptedAssertion")
        and parent.getparent() is root
    )
    if not in_place or not assertion.get("ID") or assertion.get("Version") != "2.0":
        raise ResponseRefused("an assertion out of place")
    _check_children(assertion, _ASSERTION_CHILDREN)


def _check_encryption(element: etree._Element) -> None:
    """Check the algorithms of an encrypted element."""
    for method in element.iter(tag(XENC, "EncryptionMethod")):
        parent = method.getparent()
        data = parent is not None and parent.tag == tag(XENC, "EncryptedData")
        if method.get("Algorithm") not in (CIPHERS if data else KEY_TRANSPORTS):
            raise ResponseRefused(f"encrypted by {method.get('Algorithm')}")
    if element.find(f".//{tag(XENC, 'CipherReference')}") is not None:
        raise ResponseRefused("a cipher text that is elsewhere")
