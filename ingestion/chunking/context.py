"""The text that is embedded for a passage."""

PATH_SEPARATOR = " › "
_MAX_TITLE_CHARS = 120
_MAX_PATH_CHARS = 240


def embedding_text(document_title: str, heading: str, text: str) -> str:
    """Return document title and heading path on one line, then the text of the passage.

    Of a long path, only the innermost headings are kept."""
    context = [
        part for part in (document_title[:_MAX_TITLE_CHARS], heading[-_MAX_PATH_CHARS:]) if part
    ]
    return "\n".join([PATH_SEPARATOR.join(context), text]) if context else text
