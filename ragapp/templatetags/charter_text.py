"""The text of a usage charter as HTML: paragraphs, lists, emphasis and links of Markdown."""

import re
from typing import Final

from django import template
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt

register = template.Library()

# Nothing else of Markdown: no HTML, image or heading. Unsafe addresses are left as text.
_MARKDOWN: Final = MarkdownIt("zero", {"breaks": True}).enable(
    ["list", "newline", "escape", "emphasis", "link", "autolink", "entity"]
)
# An address that is neither in brackets nor in a link, without the full stop behind it.
_BARE_ADDRESS: Final = re.compile(r"(?<![<(\w/])https?://[^\s<>()]*[^\s<>().,;:!?»”]")


@register.filter
def charter_text(text: str) -> SafeString:
    """Render the text; bare addresses become links."""
    linked = _BARE_ADDRESS.sub(r"<\g<0>>", text or "")
    html: str = _MARKDOWN.render(linked)
    # HTML is off in the parser: it was escaped.
    return SafeString(html)
