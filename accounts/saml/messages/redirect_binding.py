"""Receive messages of SAML's HTTP-Redirect binding, whose query string is signed.

Source: SAML bindings 2.0, section 3.4.4.1. The signature covers the octets as received, so it is
checked before anything is decoded.
"""

import zlib
from dataclasses import dataclass
from urllib.parse import unquote_plus

from lxml import etree

from accounts.saml.errors import ResponseRefused
from accounts.saml.signatures.algorithms import SIGNATURE_METHODS
from accounts.saml.signatures.octets import PublicKey, decode_base64, is_signed, public_keys
from accounts.saml.xml import DS, MAX_MESSAGE_BYTES, MD, parse_message, tag


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
        method = unquote_plus(self.parameters.get("SigAlg", ""))
        if method not in SIGNATURE_METHODS:
            raise ResponseRefused("unsigned, or signed with an algorithm that is not accepted")
        names = (self.name, "RelayState", "SigAlg")
        signed = "&".join(f"{n}={self.parameters[n]}" for n in names if n in self.parameters)
        signature = decode_base64(unquote_plus(self.parameters.get("Signature", "")))
        keys = signing_keys(idp_xml)
        if not is_signed(signed.encode(), signature=signature, method=method, keys=keys):
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
    xml = _inflate(decode_base64(unquote_plus(parameters[names[0]])))
    return RedirectMessage(names[0], parse_message(xml), parameters)


def signing_keys(idp_xml: str) -> list[PublicKey]:
    """Return the signing keys of an IdP."""
    return public_keys(
        decode_base64(element.text or "")
        for descriptor in etree.fromstring(idp_xml).iter(tag(MD, "KeyDescriptor"))
        if descriptor.get("use", "signing") == "signing"
        for element in descriptor.iter(tag(DS, "X509Certificate"))
    )


def _inflate(data: bytes) -> bytes:
    """Inflate ``data`` up to the maximum size of a message."""
    inflater = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        xml = inflater.decompress(data, MAX_MESSAGE_BYTES)
    except zlib.error as error:
        raise ResponseRefused("not deflated") from error
    if inflater.unconsumed_tail:
        raise ResponseRefused("too large")
    return xml
