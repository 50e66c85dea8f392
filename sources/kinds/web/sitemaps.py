"""Sitemaps (sitemaps.org): the addresses that a site lists, with their dates."""

import gzip
import zlib
from dataclasses import dataclass
from io import BytesIO
from xml.etree.ElementTree import ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from sources.errors import AnswerRefused
from sources.kinds.requests import local_name, send, text_of
from sources.kinds.web.addresses import normalised
from web.outbound.client import Call, OutboundClient

# The protocol allows 50 MB without compression, and 50,000 addresses.
_MAX_BYTES = 50 << 20
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, slots=True)
class Sitemap:
    """The pages of a sitemap with their dates, or the sitemaps of an index."""

    pages: tuple[tuple[str, str], ...]
    sitemaps: tuple[str, ...]


def read_sitemap(client: OutboundClient, url: str) -> Sitemap:
    """Fetch a sitemap: XML, also compressed, or text. Raises SourceError or OutboundError."""
    answer = send(client, Call(url, max_bytes=_MAX_BYTES))
    data = answer.read()
    answer.content.close()
    if data.startswith(_GZIP):
        data = _unpacked(data, url)
    if not data.lstrip().startswith(b"<"):
        lines = data.decode("utf-8", errors="replace").splitlines()
        found = [normalised(line) for line in lines if line.startswith(("http:", "https:"))]
        if not any(found):
            raise AnswerRefused(f"{url}: not a sitemap")
        return Sitemap(tuple((page, "") for page in found if page), ())
    try:
        root = ElementTree.fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise AnswerRefused(f"{url}: {type(error).__name__}") from error
    if local_name(root) == "sitemapindex":
        inner = [normalised(text_of(each, "loc"), url) for each in root]
        return Sitemap((), tuple(each for each in inner if each))
    if local_name(root) != "urlset":
        raise AnswerRefused(f"{url}: not a sitemap")
    pages = [(normalised(text_of(each, "loc"), url), text_of(each, "lastmod")) for each in root]
    return Sitemap(tuple(page for page in pages if page[0]), ())


def _unpacked(data: bytes, url: str) -> bytes:
    try:
        with gzip.open(BytesIO(data)) as file:
            text = file.read(_MAX_BYTES + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise AnswerRefused(f"{url}: {type(error).__name__}") from error
    if len(text) > _MAX_BYTES:
        raise AnswerRefused(f"{url}: too large")
    return text
