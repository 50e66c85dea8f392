"""XML from strangers: small, UTF-8, and without anything that an attacker could play with."""

import codecs
import re
from typing import Final

from lxml import etree

from accounts.saml.errors import ResponseRefused

SAML: Final = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP: Final = "urn:oasis:names:tc:SAML:2.0:protocol"
MD: Final = "urn:oasis:names:tc:SAML:2.0:metadata"
DS: Final = "http://www.w3.org/2000/09/xmldsig#"
XENC: Final = "http://www.w3.org/2001/04/xmlenc#"
SHIBMD: Final = "urn:mace:shibboleth:metadata:1.0"
MDUI: Final = "urn:oasis:names:tc:SAML:metadata:ui"
MDATTR: Final = "urn:oasis:names:tc:SAML:metadata:attribute"
MDRPI: Final = "urn:oasis:names:tc:SAML:metadata:rpi"
HTTP_POST: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
HTTP_REDIRECT: Final = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
NS: Final = {
    "saml": SAML,
    "samlp": SAMLP,
    "md": MD,
    "ds": DS,
    "xenc": XENC,
    "shibmd": SHIBMD,
    "mdui": MDUI,
    "mdattr": MDATTR,
    "mdrpi": MDRPI,
}

MAX_MESSAGE_BYTES: Final = 512 << 10
MAX_DEPTH: Final = 60
_FORBIDDEN = re.compile(rb"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_DECLARATION = re.compile(
    rb"""<\?xml\s+version\s*=\s*(["'])1\.0\1"""
    rb"""(\s+encoding\s*=\s*(["'])(?i:utf-8)\3)?"""
    rb"""(\s+standalone\s*=\s*(["'])(yes|no)\5)?\s*\?>"""
)


def tag(namespace: str, name: str) -> str:
    """The name of an element as lxml writes it."""
    return f"{{{namespace}}}{name}"


def check_beginning(octets: bytes) -> None:
    """Check that every XML parser reads a document that begins like this in the same way.

    No byte order mark, XML 1.0 in UTF-8 as the declaration says or leaves out, no DOCTYPE, no NUL
    (UTF-16 and UTF-32 have some). Where a mark and a declaration disagree, two versions of libxml2,
    that of ``xmlsec1`` and that of lxml, decode the same octets into different letters: what is
    signed would not be what is read. Raises ResponseRefused.
    """
    if octets.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)):
        raise ResponseRefused("a byte order mark: UTF-8 without one is expected")
    if _FORBIDDEN.search(octets) or b"\x00" in octets:
        raise ResponseRefused("a DOCTYPE, an entity or NUL")
    if octets[:5].lower() == b"<?xml" and not _DECLARATION.match(octets):
        raise ResponseRefused("a declaration of something other than XML 1.0 in UTF-8")


def parse_message(xml: bytes) -> etree._Element:
    """Parse a protocol message, refusing DOCTYPE, comments and processing instructions.

    A comment would cut a text in two for whoever reads its first half only. A program that checks
    a signature is given these very octets (``check_beginning``). Raises ResponseRefused.
    """
    if len(xml) > MAX_MESSAGE_BYTES:
        raise ResponseRefused("too large")
    check_beginning(xml)
    try:
        xml.decode("utf-8")
        # S320: no entities, no network, no DTD; the size is bounded above.
        parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
        root = etree.fromstring(xml, parser)
    except (UnicodeDecodeError, etree.XMLSyntaxError) as error:
        raise ResponseRefused("not well-formed") from error
    if root.getroottree().docinfo.doctype:
        raise ResponseRefused("a DOCTYPE")
    for node in root.getroottree().iter():
        if not isinstance(node.tag, str):
            raise ResponseRefused("a comment, an entity or a processing instruction")
    if root.getprevious() is not None or root.getnext() is not None:
        raise ResponseRefused("a comment or a processing instruction beside the root")
    if _depth(root) > MAX_DEPTH:
        raise ResponseRefused("too deep")
    return root


def text_of(element: etree._Element | None) -> str:
    """The text of an element without children, trimmed; "" for None."""
    if element is None:
        return ""
    if len(element):
        raise ResponseRefused(f"{element.tag} has children")
    return (element.text or "").strip()


def _depth(root: etree._Element) -> int:
    depth, level = 0, [root]
    while level:
        depth, level = depth + 1, [child for element in level for child in element]
    return depth
