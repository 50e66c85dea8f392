"""Base URLs of OpenAI-compatible servers; also for the settings, which load before any model."""

from ipaddress import ip_address
from urllib.parse import urlsplit


def check_address(base_url: str) -> None:
    """Raise ValueError unless this is a well-formed http or https address."""
    address = urlsplit(base_url)
    # Reading the port raises ValueError when it is not a number.
    if address.scheme not in {"http", "https"} or not address.hostname or address.port == 0:
        raise ValueError(f"Not an http(s) address: {base_url!r}")


def endpoint_url(base_url: str, path: str) -> str:
    """Return the address of an endpoint, such as "chat/completions".

    A base URL without a path, such as ``http://host:port``, means its ``/v1``.
    """
    base = base_url.rstrip("/")
    if not urlsplit(base).path:
        base += "/v1"
    return f"{base}/{path}"


def is_on_this_machine(base_url: str) -> bool:
    """Whether a server is reached by loopback."""
    host = urlsplit(base_url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
