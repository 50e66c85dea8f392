"""Addresses of pages: one spelling for each, what is inside a part of a site, names of files."""

import re
from urllib.parse import quote, unquote, urljoin, urlsplit, urlunsplit

_DEFAULT_PORTS = {"http": 80, "https": 443}
# Parameters that tell where a reader came from; the page is the same.
_TRACKING = re.compile(r"^(utm_\w+|fbclid|gclid|mc_[ce]id|pk_\w+|mtm_\w+)=", re.IGNORECASE)
_MAX_CHARS = 2000
_SAFE = "/%:@!$&'()*+,;=~-._"


def normalised(url: str, base: str = "") -> str:
    """Return an address in one spelling, without fragment; empty if it is none of the web."""
    try:
        parts = urlsplit(urljoin(base, url.strip()))
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    if parts.scheme not in _DEFAULT_PORTS or not host or len(url) > _MAX_CHARS:
        return ""
    if "@" in parts.netloc:
        return ""
    host = f"[{host}]" if ":" in host else host
    netloc = host if port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{host}:{port}"
    query = "&".join(each for each in parts.query.split("&") if not _TRACKING.match(each))
    path = quote(parts.path or "/", safe=_SAFE)
    return urlunsplit((parts.scheme, netloc, path, query, ""))


def is_below(url: str, top: str) -> bool:
    """Whether an address is inside the folder of ``top``, on the same site."""
    one, other = urlsplit(url), urlsplit(top)
    if one.netloc != other.netloc or {one.scheme, other.scheme} - set(_DEFAULT_PORTS):
        return False
    # A server may take these for the steps that they spell.
    if ".." in unquote(one.path).split("/"):
        return False
    return one.path.startswith(other.path.rpartition("/")[0] + "/")


def file_name(url: str, extension: str) -> str:
    """Return the name of the file of a page: the end of its path, else its host."""
    parts = urlsplit(url)
    last = unquote(parts.path.rstrip("/").rpartition("/")[2]) or parts.netloc
    if parts.query:
        last = f"{last}-{unquote(parts.query)}"
    last = re.sub(r"[\\/]+", "-", last)
    return last if not extension or last.lower().endswith(extension) else f"{last}{extension}"


def folder_of(url: str, top: str) -> str:
    """Return the folder of a page, from that of ``top`` on."""
    path = urlsplit(url).path.rstrip("/").rpartition("/")[0]
    above = urlsplit(top).path.rpartition("/")[0]
    inside = path[len(above) :] if path.startswith(above) else path
    return unquote(inside).strip("/")
