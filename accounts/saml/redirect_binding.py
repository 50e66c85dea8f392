"""SAML's HTTP-Redirect binding for messages that we receive: signed over the query string.

Source: SAML bindings 2.0, section 3.4.4.1. The signature is over the octets as they came, so it is
checked before anything is decoded.
"""

import base64
import binascii
import zlib
from dataclasses import dataclass
from urllib.parse import unquote_plus

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from lxml import etree

from accounts.saml.errors import ResponseRefused
from accounts.saml.xml import DS, MAX_MESSAGE_BYTES, MD, parse_message, tag

_HASHES = {
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256": hashes.SHA256(),
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384": hashes.SHA384(),
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512": hashes.SHA512(),
}


@dataclass(frozen=True)
class RedirectMessage:
    """A message from a query string; unverified until ``verify`` has returned."""

    name: str
    root: etree._Element
    parameters: dict[str, str]

    @property
    def relay_state(self) -> str:
        return unquote_plus(self.parameters.get("RelayState", ""))

    def verify(self, idp_xml: str) -> None:
        """Check the query's signature against the keys of an IdP. Raises ResponseRefused."""
        algorithm = _HASHES.get(unquote_plus(self.parameters.get("SigAlg", "")))
        if algorithm is None:
            raise ResponseRefused("unsigned, or by an algorithm that no longer holds")
        names = (self.name, "RelayState", "SigAlg")
        signed = "&".join(f"{n}={self.parameters[n]}" for n in names if n in self.parameters)
        signature = _decode(unquote_plus(self.parameters.get("Signature", "")))
        for key in signing_keys(idp_xml):
            try:
                key.verify(signature, signed.encode(), padding.PKCS1v15(), algorithm)
            except InvalidSignature:
                continue
            return
        raise ResponseRefused("no key of the IdP verifies the query")


def read_redirect(query: str) -> RedirectMessage:
    """Read the only message of a raw query string. Raises ResponseRefused."""
    pairs = [part.partition("=")[::2] for part in query.split("&") if part]
    parameters = dict(pairs)
    if len(parameters) != len(pairs):
        raise ResponseRefused("a parameter twice")
    names = [name for name in ("SAMLRequest", "SAMLResponse") if name in parameters]
    if len(names) != 1:
        raise ResponseRefused("no message, or two")
    xml = _inflate(_decode(unquote_plus(parameters[names[0]])))
    return RedirectMessage(names[0], parse_message(xml), parameters)


def signing_keys(idp_xml: str) -> list[rsa.RSAPublicKey]:
    """The RSA keys that sign for an IdP."""
    keys = []
    for descriptor in etree.fromstring(idp_xml).iter(tag(MD, "KeyDescriptor")):
        if descriptor.get("use", "signing") != "signing":
            continue
        for element in descriptor.iter(tag(DS, "X509Certificate")):
            certificate = x509.load_der_x509_certificate(_decode(element.text or ""))
            key = certificate.public_key()
            if isinstance(key, rsa.RSAPublicKey):
                keys.append(key)
    return keys


def _decode(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError) as error:
        raise ResponseRefused("not base64") from error


def _inflate(data: bytes) -> bytes:
    """Inflate, up to the size of a message: a bomb ends there."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        xml = inflater.decompress(data, MAX_MESSAGE_BYTES)
    except zlib.error as error:
        raise ResponseRefused("not deflated") from error
    if inflater.unconsumed_tail:
        raise ResponseRefused("too large")
    return xml
