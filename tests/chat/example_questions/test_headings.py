"""Which question a heading answers: good French or English, or none."""

import pytest

from chat.example_questions.english_headings import english_question
from chat.example_questions.french_headings import french_question

FRENCH = {
    "Qui peut voter ?": "Qui peut voter ?",
    "Comment demander une césure": "Comment demander une césure ?",
    "Qu'est-ce que le télétravail ?": "Qu’est-ce que le télétravail ?",
    "Combien de jours de congé peut-on poser ?": "Combien de jours de congé peut-on poser ?",
    "Définition du télétravail": "Qu’est-ce que le télétravail ?",
    "Définition de l'agent contractuel": "Qu’est-ce que l’agent contractuel ?",
    "Définition d’une unité d’enseignement": "Qu’est-ce qu’une unité d’enseignement ?",
    "Conditions d'accès": "Quelles sont les conditions d’accès ?",
    "Conditions générales d'admission": "Quelles sont les conditions générales d’admission ?",
    "Pièces à fournir": "Quelles pièces faut-il fournir ?",
    "Documents à joindre au dossier": "Quels documents faut-il joindre ?",
    "La durée du stage": "Quelle est la durée du stage ?",
    "Date limite de dépôt": "Quelle est la date limite de dépôt ?",
    "Délais et voies de recours": "Quels sont les délais et voies de recours ?",
    "Droits et obligations des agents": "Quels sont les droits et obligations des agents ?",
    "Montant de la bourse": "Quel est le montant de la bourse ?",
    "Taux de cotisation maximum": "Quel est le taux de cotisation maximum ?",
    "Ouverture des candidatures": "Quand a lieu l’ouverture des candidatures ?",
    "Entrée en vigueur de l'accord": "Quand a lieu l’entrée en vigueur de l’accord ?",
    "En cas d'absence": "Que faire en cas d’absence ?",
    "Inscription en master": "Comment s’inscrire en master ?",
    "Demande de congé": "Comment faire une demande de congé ?",
    "Remboursement des frais": "Comment se fait le remboursement des frais ?",
    "Accès au restaurant": "Comment accéder au restaurant ?",
    "Réserver une salle": "Comment réserver une salle ?",
    # Not certain, or not to be understood by itself.
    "Frais de mission": None,
    "Congés payés": None,
    "Conditions générales": None,
    "Conditions Générales de Vente": None,
    "Conditions de ce dispositif": None,
    "Date de naissance": None,
    "Mission à l'étranger": None,
    "Demande du président": None,
    "Durée du": None,
    "Les conditions d'accès sont fixées par décret": None,
    "Comment nous contacter ?": None,
    "Comment vous inscrire ?": None,
    "Besoin d'aide ?": None,
    "Distribution and habitat": None,
}
ENGLISH = {
    "Who can vote?": "Who can vote?",
    "How to apply for leave": "How do I apply for leave?",
    "How do I renew your card?": "How do I renew my card?",
    "When to apply": "When should I apply?",
    "What to do in case of fire": "What should I do in case of fire?",
    "Eligibility for funding": "Who is eligible for funding?",
    "Applying for a grant": "How do I apply for a grant?",
    "Request a certificate": "How do I request a certificate?",
    "Definition of misconduct": "What is the definition of misconduct?",
    "Duration of the internship": "What is the duration of the internship?",
    "The deadline for applications": "What is the deadline for applications?",
    "Rights and obligations of staff": "What are the rights and obligations of staff?",
    "Opening hours of the library": "What are the opening hours of the library?",
    # Not certain, or not to be understood by itself.
    "Request for proposals": None,
    "Book reviews": None,
    "Report of the committee": None,
    "Conditions of Entry to France": None,
    "Rules of this section": None,
    "How do we compare?": None,
    "Need help?": None,
    "Types of": None,
    "Distribution and habitat": None,
}


@pytest.mark.parametrize(("heading", "question"), FRENCH.items(), ids=FRENCH)
def test_question_on_french_heading(heading: str, question: str | None) -> None:
    expected = question.replace(" ?", "\u00a0?") if question else None
    assert french_question(heading) == expected


@pytest.mark.parametrize(("heading", "question"), ENGLISH.items(), ids=ENGLISH)
def test_question_on_english_heading(heading: str, question: str | None) -> None:
    assert english_question(heading) == question


@pytest.mark.parametrize("heading", FRENCH)
def test_french_heading_answers_no_english_question(heading: str) -> None:
    assert english_question(heading) is None
