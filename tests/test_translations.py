"""The French catalogue is complete, matches the sources and follows French typography."""

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.pofile import read_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).parent.parent
CATALOGUE = ROOT / "locale" / "fr" / "LC_MESSAGES" / "django.po"
PACKAGES = [
    "accounts",
    "administration",
    "chat",
    "evaluation",
    "inference",
    "ingestion",
    "instances",
    "people",
    "ragapp",
    "retrieval",
    "sources",
    "usage",
    "web",
]
# A function and which of its arguments are the message, its plural, and its context ("c").
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"https?://\S+|%\(\w+\)0?\d*[a-z]|%[sd]|\{\w+\}|</?\w+[^>]*>")
# Not allowed in French texts: straight quotes, three dots, and punctuation without the no-break
# space that French requires.
FORBIDDEN = {
    "a straight quote": re.compile(r"[\"']"),
    "three dots": re.compile(r"\.\.\."),
    "no unbreakable space before a sign": re.compile(r"(?<!\u00a0)[:;?!»]|(?<![\u00a0%])%"),
    "no unbreakable space after «": re.compile(r"«(?!\u00a0)"),
    "English quotes": re.compile("[“”]"),
    "the English word for « espace »": re.compile(r"\binstances?\b", re.IGNORECASE),
}


@pytest.fixture(scope="module")
def french() -> Catalog:
    """The French catalogue."""
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="fr")


def test_every_message_is_translated(french):
    unfinished = [
        message.id for message in entries(french) if message.fuzzy or "" in texts(message)
    ]
    assert unfinished == []
    assert list(french.obsolete) == []


def test_catalogue_matches_the_sources(french):
    said = set(messages_in_python()) | set(messages_in_templates())
    held = {key(message.context, message.id) for message in entries(french)}
    assert sorted(said - held) == [], "run: ./manage makemessages -l fr"
    assert sorted(held - said) == [], "no longer in the sources"


def test_translations_keep_placeholders(french):
    lost = [
        message.id
        for message in entries(french)
        for english, text in zip(ids(message), texts(message), strict=True)
        if sorted(PLACEHOLDER.findall(english)) != sorted(PLACEHOLDER.findall(text))
    ]
    assert lost == []


def test_french_follows_typographic_rules(french):
    faults = [
        (fault, text)
        for message in entries(french)
        for text in texts(message)
        for fault, pattern in FORBIDDEN.items()
        if pattern.search(PLACEHOLDER.sub("x", text))
    ]
    assert faults == []


def entries(catalogue: Catalog) -> list[Message]:
    """The messages of a catalogue, without its header."""
    return [message for message in catalogue if message.id]


def ids(message: Message) -> tuple[str, ...]:
    """The English texts of a message: one, or singular and plural."""
    return message.id if isinstance(message.id, tuple) else (message.id,)


def texts(message: Message) -> tuple[str, ...]:
    """Its French texts."""
    return message.string if isinstance(message.string, tuple) else (message.string,)


def key(context: str | None, message: str | tuple[str, ...]) -> str:
    """The key of a message: its context and its singular."""
    singular = message if isinstance(message, str) else message[0]
    return f"{context}: {singular}" if context else singular


def messages_in_python() -> Iterator[str]:
    """The keys of the messages in the packages."""
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            yield from messages_in(path.read_text())


def messages_in_templates() -> Iterator[str]:
    """The keys of the messages in the templates."""
    templates = ROOT / "templates"
    for path in [*templates.rglob("*.html"), *templates.rglob("*.txt")]:
        # In brackets, because templatize keeps the template's indentation.
        yield from messages_in(f"({templatize(path.read_text(), origin=str(path))})")


def messages_in(source: str) -> Iterator[str]:
    """The keys of the messages in Python source."""
    found = extract("python", io.BytesIO(source.encode()), keywords=KEYWORDS)
    for _line, message, _comments, context in found:
        yield key(context, message)
