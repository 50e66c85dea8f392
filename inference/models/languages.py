"""The languages that a model was trained for, as their codes (ISO 639): "fr, en"."""

import re
from collections.abc import Iterable

from django.utils.translation import get_language_info

_CODE = re.compile(r"[a-z]{2,3}\Z")


def read_languages(text: str) -> tuple[str, ...]:
    """Return the codes in a text that separates them by commas or spaces, each once."""
    return tuple(dict.fromkeys(filter(None, re.split(r"[\s,;]+", text.lower()))))


def unknown_languages(codes: Iterable[str]) -> list[str]:
    """Return those that cannot be a code of a language."""
    return [code for code in codes if not _CODE.match(code)]


def language_names(codes: Iterable[str]) -> list[str]:
    """Return the names of languages in the active one; a code that has no name stands for it."""
    return [_name(code) for code in codes]


def _name(code: str) -> str:
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code
