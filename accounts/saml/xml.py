"""Parse untrusted XML: limited in size, UTF-8, without DOCTYPE, entities and comments."""

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
    """Return the name of an element in lxml's notation."""
    return f"{{{namespace}}}{name}"


def check_beginning(octets: bytes) -> None:
    """Check that all XML parsers decode the document in the same way. Raises ResponseRefused.

    Accepted is XML 1.0 in UTF-8, with or without a declaration, and without byte order mark,
    DOCTYPE and NUL (which UTF-16 and UTF-32 contain). If byte order mark and declaration disagree,
    the libxml2 of ``xmlsec1`` and that of lxml may decode the same octets differently, so that the
    signed text would differ from the text that is read.
    """
    if octets.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)):
        raise ResponseRefused("a byte order mark: UTF-8 without one is expected")
    if _FORBIDDEN.search(octets) or b"\x00" in octets:
        raise ResponseRefused("a DOCTYPE, an entity or NUL")
    if octets[:5].lower() == b"<?xml" and not _DECLARATION.match(octets):
        raise ResponseRefused("a declaration of something other than XML 1.0 in UTF-8")


def parse_message(xml: bytes) -> etree._Element:
    """Parse a protocol message, refusing DOCTYPE, comments and processing instructions.

    A comment splits a text into nodes, of which some programs read only the first. The same octets
    are passed to the program that verifies signatures. Raises ResponseRefused.
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
    """Return the trimmed text of an element without children; "" for None."""
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
