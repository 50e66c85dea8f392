"""Personal data is found in French questions; dates, references and articles are not."""

import pytest
from django.utils import translation

from inference.personal_data.detection import find_personal_data
from inference.personal_data.organisation_patterns import (
    InvalidPattern,
    NumberPattern,
    read_patterns,
)
from inference.personal_data.redaction import redact


def found(text: str, *patterns: NumberPattern) -> list[tuple[str, str]]:
    return [
        (one.kind.value, text[one.start : one.end]) for one in find_personal_data(text, patterns)
    ]


@pytest.mark.parametrize(
    ("text", "kind", "place"),
    [
        ("NIR : 2 95 10 99 126 111 93.", "social_security_number", "2 95 10 99 126 111 93"),
        ("NIR 295109912611193, merci", "social_security_number", "295109912611193"),
        ("en Corse : 1 53 08 2B 033 032 47 ?", "social_security_number", "1 53 08 2B 033 032 47"),
        ("IBAN FR76 3000 6000 0112 3456 7890 189 pour la paie", "iban",
         "FR76 3000 6000 0112 3456 7890 189"),
        ("fr7630006000011234567890189", "iban", "fr7630006000011234567890189"),
        ("compte BE71 0961 2345 6769.", "iban", "BE71 0961 2345 6769"),
        ("carte 4111 1111 1111 1111 refusée", "card_number", "4111 1111 1111 1111"),
        ("carte 5500-0000-0000-0004", "card_number", "5500-0000-0000-0004"),
        ("amex 3782 822463 10005", "card_number", "3782 822463 10005"),
        ("SPI 30 23 217 600 053", "tax_number", "30 23 217 600 053"),
        ("Écrire à Jeanne.Martin+rh@univ-exemple.fr ?", "mail_address",
         "Jeanne.Martin+rh@univ-exemple.fr"),
        ("élève@école.fr a écrit", "mail_address", "élève@école.fr"),
        ("Appelez le 06 12 34 56 78.", "phone_number", "06 12 34 56 78"),
        ("tél. 01.44.32.10.00", "phone_number", "01.44.32.10.00"),
        ("au +33 (0)6 12 34 56 78", "phone_number", "+33 (0)6 12 34 56 78"),
        ("au 0033612345678", "phone_number", "0033612345678"),
        ("bureau de Bruxelles +32 2 650 21 11", "phone_number", "+32 2 650 21 11"),
        ("Sa carte d’identité n° 120675100123 a expiré", "identity_number", "120675100123"),
        ("passeport numéro 12AB34567", "identity_number", "12AB34567"),
        ("El DNI 12345678Z", "identity_number", "12345678Z"),
        ("codice fiscale RSSMRA85T10A562S", "identity_number", "RSSMRA85T10A562S"),
    ],
)  # fmt: skip
def test_found(text: str, kind: str, place: str) -> None:
    assert found(text) == [(kind, place)]


@pytest.mark.parametrize(
    "text",
    [
        "Que dit l'article L. 1234-5 du code du travail, et les articles R. 712-1 à R. 712-46 ?",
        "Le décret n° 2012-1246 du 7 novembre 2012 et l'arrêté du 24/12/2023",
        "Entre le 01/02/2024 et le 2024-03-04 à 10 h 30, puis 01 02 2024 ?",
        "Dossier 2024-0612345678, référence 06-12-34, marché 2023/0106",
        "ISBN 978-2-07-036822-8, DOI 10.1000/182, ISSN 0294-1767, arXiv:2005.11401",
        "Un budget de 1 250 000 000 euros sur 2024 2025 2026, soit 12.345.678,90 €",
        "SIRET 130 005 481 00010 et SIREN 130005481",
        "UAI 0750736T, RNCP 38705, NOR : MENH2017849J, BO n° 31 du 1er septembre 2022",
        "4111 1111 1111 1112 et 1234 5678 9012 3456 ne sont pas des cartes",
        "2 95 10 99 126 111 94 n'a pas la bonne clé",
        "FR76 3000 6000 0112 3456 7890 188",
        "La carte d’identité suffit-elle ? Le passeport aussi ?",
        "La version 1.2.3.4 sur 192.168.0.12, port 8080 ; @prof sur le réseau",
        "Combien d'heures : 192 en 2023, 64 TD ou 128 TP ?",
        "ORCID 0000-0002-1825-0097, HAL hal-01234567",
    ],
)  # fmt: skip
def test_not_personal(text: str) -> None:
    assert found(text) == []


def test_numbers_of_the_organisation_are_whole_words() -> None:
    student = NumberPattern("numéro d’étudiant", r"2\d{7}|E\d{6}")
    text = "L'étudiant 22401234 (E123456), dossier 122401234 ?"
    assert found(text, student) == [
        ("organisation_number", "22401234"), ("organisation_number", "E123456"),
    ]  # fmt: skip


def test_redaction_keeps_the_rest_of_the_question() -> None:
    text = "Jean (06 12 34 56 78, jean@univ.fr), étudiant 22401234 ?"
    patterns = read_patterns("\nnuméro d’étudiant : 2\\d{7}\n")
    with translation.override("en"):
        redacted = redact(text, find_personal_data(text, patterns))
    assert redacted == "Jean ([telephone number], [e-mail address]), étudiant [numéro d’étudiant] ?"
    assert find_personal_data(redacted, patterns) == ()


@pytest.mark.parametrize(
    "line",
    [
        "sans expression",
        ": \\d+",
        "a: (",
        "a: )(",
        "a: \\d*",
        r"a: (a)\1",
        "a: (?=b)",
        "a: " + "9" * 300,
    ],
    ids=["none", "no-name", "open", "closed", "empty", "back-reference", "look-ahead", "long"],
)  # fmt: skip
def test_invalid_pattern_is_refused_with_its_line(line: str) -> None:
    with pytest.raises(InvalidPattern) as refused:
        read_patterns(f"étudiant: \\d{{8}}\n{line}")
    assert refused.value.line == line


def test_pattern_that_backtracks_elsewhere_takes_linear_time() -> None:
    """With Python's ``re``, this pattern would take longer than the age of the universe."""
    (pattern,) = read_patterns("piège: (a+)+b")
    assert found("a" * 8000, pattern) == []
