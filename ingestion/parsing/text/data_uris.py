"""Files written into a text as data: URIs (RFC 2397), which nobody reads."""

import re

_DATA_URI = re.compile(
    r"data:(?:[a-z]+/[a-z0-9.+-]+)?(?:;(?!base64,)[a-z0-9=_.\"+-]+)*"
    # Base64 may go on in lines of its own, the last of them up to what closes the URI.
    r"(?:;base64,[a-z0-9+/=_%-]*+(?:\s*\n\s*[a-z0-9+/=_-]{40,}+)*+"
    r"(?:\s*\n\s*[a-z0-9+/=_-]++(?=\s*[)\"'>]))?+|,[^\s\"'<>()]{40,}+)",
    re.I,
)


def without_data_uris(text: str, replacement: str = "") -> str:
    """Return `text` with `replacement` for each data: URI."""
    return _DATA_URI.sub(replacement, text) if "data:" in text.lower() else text
