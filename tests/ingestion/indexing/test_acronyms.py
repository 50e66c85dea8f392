"""Acronyms that texts expand, and those that only stand beside other words."""

import pytest

from ingestion.indexing import statistics
from ingestion.indexing.acronyms import find_acronyms, folded_words, written_acronyms
from ingestion.models import Acronym
from instances.tenancy import tenant
from tests.factories import InstanceFactory
from tests.retrieval.indexing import add_document


@pytest.mark.parametrize(
    ("text", "acronym", "long"),
    [
        ("Le règlement professionnel du notariat (RPN) fixe les tarifs.", "rpn",
         "reglement professionnel du notariat"),
        ("La lutte contre le blanchiment et le financement du terrorisme (LCB-FT) oblige.", "lcbft",
         "lutte contre le blanchiment et le financement du terrorisme"),
        ("La commission des études et de la vie étudiante (CEVE) se réunit.", "ceve",
         "commission des etudes et de la vie etudiante"),
        ("Le SCD (service commun de la documentation) ouvre à 8 h.", "scd",
         "service commun de la documentation"),
        ("A data protection impact assessment (“DPIA”) is needed.", "dpia",
         "data protection impact assessment"),
        ("Each house in multiple occupation (HMO) has a licence.", "hmo",
         "house in multiple occupation"),
    ],
)  # fmt: skip
def test_initials_are_recognised(text: str, acronym: str, long: str) -> None:
    assert find_acronyms(text) == {(acronym, long)}


@pytest.mark.parametrize(
    "text",
    [
        "Le directeur des services (DRH) signe.",
        "La règle ne vaut pas ici (VOIR).",
        "Le taux est de 5 % (A).",
        "La salle est fermée (le RPN la rouvre).",
        "(CE)",
        "Un mot. (UM)",
        "A" * 50_000 + " (AB)",
    ],
)
def test_other_brackets_expand_nothing(text: str) -> None:
    assert find_acronyms(text) == set()


def test_question_is_read_as_it_is_typed() -> None:
    assert written_acronyms("Que dit le RPN du ce ? Et l'INSEE ?") == ["rpn", "insee"]
    assert folded_words("L'École d'été !") == " ecole ete "


@pytest.mark.django_db
def test_acronyms_come_and_go_with_their_documents() -> None:
    instance = InstanceFactory()
    text = "Le règlement professionnel du notariat (RPN) fixe les tarifs."
    one = add_document(instance, (text, [1, 0]), (text, [0, 1]), name="a")
    other = add_document(instance, (text, [1, 0]), name="b")
    with tenant(instance):
        assert Acronym.objects.count() == 2
        statistics.withdraw(one)
        statistics.withdraw(other)
        assert not Acronym.objects.exists()
