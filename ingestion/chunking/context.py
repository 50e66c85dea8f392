"""What surrounds the text of a passage when it is embedded."""

PATH_SEPARATOR = " › "
_MAX_TITLE_CHARS = 120
_MAX_PATH_CHARS = 240


def embedding_text(document_title: str, heading: str, text: str) -> str:
    """Return what is embedded for a passage: document title and heading path on one line (the
    innermost headings if it is long), then the text."""
    context = [
        part for part in (document_title[:_MAX_TITLE_CHARS], heading[-_MAX_PATH_CHARS:]) if part
    ]
    return "\n".join([PATH_SEPARATOR.join(context), text]) if context else text
