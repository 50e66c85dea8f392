"""What a site asks of robots (RFC 9309)."""

from collections.abc import Sequence
from urllib.parse import urlsplit

from protego import Protego

from sources.errors import ServerFault
from sources.interface import ROBOT_NAME
from web.outbound.client import Call, OutboundClient

# RFC 9309, 2.5: at least 500 KiB are read.
_MAX_BYTES = 512 << 10
_SECONDS = 20.0


class Robots:
    """The robots.txt of the sites that a reader visits, each read once."""

    def __init__(self, client: OutboundClient) -> None:
        self._client = client
        self._rules: dict[str, Protego] = {}

    def allows(self, url: str) -> bool:
        """Whether the site lets us read a page. Raises ServerFault or OutboundError."""
        return bool(self._rules_of(url).can_fetch(url, ROBOT_NAME))

    def delay_s(self, url: str) -> float:
        """Return the seconds between two requests that the site asks for, else 0."""
        return float(self._rules_of(url).crawl_delay(ROBOT_NAME) or 0)

    def sitemaps(self, url: str) -> Sequence[str]:
        """Return the addresses of the sitemaps of the site."""
        return list(self._rules_of(url).sitemaps)

    def _rules_of(self, url: str) -> Protego:
        parts = urlsplit(url)
        site = f"{parts.scheme}://{parts.netloc}"
        if site not in self._rules:
            self._rules[site] = Protego.parse(self._text_of(site))
        return self._rules[site]

    def _text_of(self, site: str) -> str:
        """Return the robots.txt of a site; empty without one, so that all is allowed."""
        call = Call(f"{site}/robots.txt", max_bytes=_MAX_BYTES, seconds=_SECONDS)
        answer = self._client.send(call)
        # RFC 9309, 2.3.1: without an answer nothing may be read.
        if answer.status >= 500 or answer.status == 429:
            raise ServerFault(f"{site}/robots.txt: {answer.status}")
        if answer.status != 200:
            return ""
        return answer.read().decode("utf-8", errors="replace")
