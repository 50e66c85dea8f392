"""The kind of answer that a question asks for."""

import pytest

from ingestion.indexing.lexical import analyse
from retrieval.evidence.definitions import defines
from retrieval.evidence.questions import AnswerKind, holds_answer, read_question


@pytest.mark.parametrize(
    ("question", "term"),
    [
        ("Qu'est-ce que le RPN ?", "RPN"),
        ("Qu’est-ce qu’un travailleur isolé ?", "travailleur isolé"),
        ("Que signifie l'acronyme LCB-FT ?", "LCB-FT"),
        ("C'est quoi la CNCE ?", "CNCE"),
        ("Quelle est la définition de la césure ?", "césure"),
        ("What does DPIA stand for?", "DPIA"),
        ("What is an HMO?", "HMO"),
        ("What is meant by a substantial amendment?", "substantial amendment"),
        ("What is personal data?", "personal data"),
    ],
)
def test_question_for_a_definition_names_its_term(question: str, term: str) -> None:
    asked = read_question(question)
    assert asked.kind == AnswerKind.DEFINITION
    assert asked.defined == term
    assert asked.terms == set(analyse(term))


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("Combien de jours de congé ?", AnswerKind.NUMBER),
        ("Quel est le plafond d'une nuit d'hôtel ?", AnswerKind.NUMBER),
        ("How long must a password be?", AnswerKind.NUMBER),
        ("What is the fee for a lost key?", AnswerKind.NUMBER),
        ("À partir de quand s'appliquent les taux ?", AnswerKind.DATE),
        ("When is the rent due?", AnswerKind.DATE),
        ("Qui signe l'ordre de mission ?", AnswerKind.PERSON),
        ("Who appoints the chair?", AnswerKind.PERSON),
        ("Où sont rangées les bouteilles ?", AnswerKind.PLACE),
        ("Quelles sont les sanctions prévues ?", AnswerKind.LIST),
        ("Quels documents faut-il fournir ?", AnswerKind.LIST),
        ("What are the payment dates?", AnswerKind.LIST),
        ("Peut-on manger en salle ?", AnswerKind.YES_NO),
        ("Mon conjoint peut-il m'accompagner quand il pleut ?", AnswerKind.YES_NO),
        ("May I keep a pet?", AnswerKind.YES_NO),
        ("Comment réserver une salle ?", AnswerKind.MANNER),
        ("¿Cuánto duran los préstamos?", AnswerKind.OTHER),
    ],
)
def test_kind_of_question(question: str, kind: AnswerKind) -> None:
    assert read_question(question).kind == kind


def test_specifics_are_acronyms_numbers_and_names() -> None:
    asked = read_question("Combien coûte le PEB pour Marseille en 2024 ?")
    assert asked.specifics == set(analyse("PEB Marseille 2024"))


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("Combien de livres ?", "Huit livres au plus.", True),
        ("Combien de livres ?", "Les livres sont en libre accès.", False),
        ("Quand ferme-t-elle ?", "Elle ferme le 27 juillet.", True),
        ("Quand ferme-t-elle ?", "Elle ferme sur décision du conseil.", False),
        ("Qui est le directeur ?", "Le directeur signe les contrats.", False),
        ("Qui est le directeur ?", "Mme Martin dirige le service.", True),
        ("Qui signe les contrats ?", "Le directeur signe les contrats.", True),
    ],
)
def test_text_that_holds_the_kind_of_answer(question: str, text: str, expected: bool) -> None:
    assert holds_answer(read_question(question), text) is expected


@pytest.mark.parametrize(
    ("term", "sentence", "expected"),
    [
        ("RPN", "Le règlement professionnel du notariat (RPN) est publié.", True),
        ("LCB-FT", "la lutte contre le blanchiment (ci-après « LCB-FT »)", True),
        ("CSN", "LE PRÉSIDENT DU CSN", False),
        ("CSN", "Le CSN adopte le règlement.", False),
        ("travailleur isolé", "Est dit isolé le travailleur qui est hors de vue.", True),
        ("césure", "La césure suspend la formation.", False),
        ("co-worker", "A co-worker is a named person who helps.", True),
        ("eaux pluviales", "On appelle eaux pluviales celles des précipitations.", True),
        ("SAE", "The investigator reports a serious adverse event (SAE).", True),
    ],
)
def test_defining_sentences(term: str, sentence: str, expected: bool) -> None:
    assert defines(term, sentence) is expected
