"""Finds personal data: numbers by format and checksum, addresses, an organisation's own numbers.

A number counts only where its checksum is right, or where a word before it says what it is:
references, dates and articles of codes have as many digits. Sources: INSEE (NIR), DGFiP (SPI),
ISO 13616 (IBAN), ISO/IEC 7812 (cards, Luhn), ITU E.164 by libphonenumber (telephone).
"""

import re
from collections.abc import Callable, Iterator, Sequence
from itertools import chain

from phonenumbers import Leniency, PhoneNumberMatcher
from stdnum import iban, luhn
from stdnum.es import dni, nie
from stdnum.fr import nif, nir
from stdnum.it import codicefiscale

from inference.personal_data.findings import Finding, Kind
from inference.personal_data.names import names_in
from inference.personal_data.organisation_patterns import NumberPattern, matches

# National numbers without a country code are read as French.
_REGION = "FR"
_GAP = r"[ .\-\u00a0\u202f]?"
_START, _END = r"(?<![\w.,/-])", r"(?![\w/]|[.,-]\d)"

_NIR = re.compile(
    rf"{_START}[1-478]{_GAP}\d\d{_GAP}\d\d{_GAP}\d[\dAB]{_GAP}\d{{3}}{_GAP}\d{{3}}{_GAP}\d\d{_END}",
    re.IGNORECASE,
)
_SPI = re.compile(rf"{_START}[0-3]\d{_GAP}\d\d{_GAP}\d{{3}}{_GAP}\d{{3}}{_GAP}\d{{3}}{_END}")
_CARD = re.compile(
    rf"{_START}(?:[2-6]\d{{3}}(?:{_GAP}\d{{4}}){{3}}|3[47]\d\d{_GAP}\d{{6}}{_GAP}\d{{5}}){_END}"
)
# Groups of four, the last one shorter; cut where the checksum is right.
_IBAN = re.compile(rf"{_START}[A-Z]{{2}}\d\d(?:{_GAP}[A-Z0-9]{{1,4}}){{3,8}}", re.IGNORECASE)
_LETTERED = re.compile(
    rf"{_START}(?:\d{{8}}{_GAP}[A-Z]|[XYZ]\d{{7}}{_GAP}[A-Z]|[A-Z0-9]{{16}}){_END}"
)
# French identity cards (old: 12 digits, new: 9 characters) and passports have no checksum.
_NAMED_DOCUMENT = re.compile(
    r"\b(?:CNI|carte (?:nationale )?d['’]identité|passeport|titre de séjour|identity card|passport)"
    r"\b[^.!?\n]{0,30}?\b((?=[A-Z0-9]*\d{3})[A-Z0-9]{9}|\d{12})\b",
    re.IGNORECASE,
)
_MAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,8}[^\W\d_]{2,24}\b")

_Place = tuple[int, int]


def find_personal_data(
    text: str, patterns: Sequence[NumberPattern] = (), *, names: bool = False
) -> tuple[Finding, ...]:
    """Return the personal data of a text, by place; findings do not overlap.

    ``patterns`` are those of the organisation; ``names`` of persons are looked for where a model
    for them is installed. Takes half a second at most for 8,000 characters, without names.
    """
    found: list[Finding] = []
    candidates = _candidates(text, patterns)
    for finding in chain(candidates, _names(text)) if names else candidates:
        if all(finding.end <= other.start or other.end <= finding.start for other in found):
            found.append(finding)
    return tuple(sorted(found))


def _candidates(text: str, patterns: Sequence[NumberPattern]) -> Iterator[Finding]:
    """Yield findings, the surest kinds first."""
    detectors: Sequence[tuple[Kind, Callable[[str], Iterator[_Place]]]] = (
        (Kind.IBAN, _ibans),
        (Kind.SOCIAL_SECURITY, _social_security),
        (Kind.CARD, _cards),
        (Kind.IDENTITY, _identity),
    )
    for kind, detect in detectors:
        for start, end in detect(text):
            yield Finding(start, end, kind)
    for name, start, end in matches(patterns, text):
        yield Finding(start, end, Kind.ORGANISATION, name)
    for match in _MAIL.finditer(text):
        yield Finding(match.start(), match.end(), Kind.MAIL)
    for phone in PhoneNumberMatcher(text, _REGION, leniency=Leniency.STRICT_GROUPING):
        # Without a bracket that belongs to the sentence.
        is_open = phone.raw_string.startswith("(") and ")" not in phone.raw_string
        yield Finding(phone.start + is_open, phone.end, Kind.PHONE)
    for match in _SPI.finditer(text):
        if nif.is_valid(_compact(match)):
            yield Finding(match.start(), match.end(), Kind.TAX)


def _names(text: str) -> Iterator[Finding]:
    for start, end in names_in(text):
        yield Finding(start, end, Kind.NAME)


def _ibans(text: str) -> Iterator[_Place]:
    for match in _IBAN.finditer(text):
        # The longest beginning with a right checksum: words may follow.
        for end in range(match.end(), match.start() + 14, -1):
            if iban.is_valid(_digits(text[match.start() : end])):
                yield match.start(), len(text[:end].rstrip(" .-\u00a0\u202f"))
                break


def _social_security(text: str) -> Iterator[_Place]:
    for match in _NIR.finditer(text):
        if nir.is_valid(_compact(match)):
            yield match.span()


def _cards(text: str) -> Iterator[_Place]:
    for match in _CARD.finditer(text):
        if luhn.is_valid(_compact(match)):
            yield match.span()


def _identity(text: str) -> Iterator[_Place]:
    for match in _LETTERED.finditer(text):
        number = _compact(match)
        if dni.is_valid(number) or nie.is_valid(number) or codicefiscale.is_valid(number):
            yield match.span()
    for match in _NAMED_DOCUMENT.finditer(text):
        yield match.span(1)


def _compact(match: re.Match[str]) -> str:
    return _digits(match.group())


def _digits(number: str) -> str:
    """Return a number without spaces and punctuation, in capitals."""
    return re.sub(r"[^0-9A-Za-z]", "", number).upper()
