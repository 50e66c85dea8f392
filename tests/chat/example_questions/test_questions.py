"""Questions to begin with: asked as a person would, never of codes and numbers."""

import pytest
from django.utils import translation

from chat.example_questions.questions import is_subject, questions_on_headings, subjects
from ingestion.models import Document
from instances.tenancy import tenant
from tests.factories import ChunkFactory, DocumentFactory


@pytest.mark.parametrize(
    "heading",
    [
        "Frais de mission",
        "The Rise of Personal Computers (1980s)",
        "Qui peut voter ?",
        "Qu'est-ce que la césure ?",
        "Distribution and habitat",
        "Congés payés",
    ],
)
def test_heading_with_a_subject_is_used(heading):
    assert is_subject(heading)


@pytest.mark.parametrize(
    "heading",
    [
        "",
        "Introduction",
        "SOCO-ENT",
        "CONDITIONS GÉNÉRALES",
        "data_Page1_1_2",
        "1960s–1980s",
        "October 14, 1998",
        "Row and Column Access Control … 13",
        "Grille indiciaire ........ 4",
        "Table des matières",
        "List of figures",
        "Mots-clés",
        "Pourquoi ?",
        "Il est interdit de fumer.",
        "Le statut « étudiant » et les congés",
        "Congés payés : barème annuel",
        "https://example.org/une/page",
        "x" * 50 + " " + "y" * 50,
    ],
)
def test_headings_without_a_subject_are_skipped(heading):
    assert not is_subject(heading)


@pytest.mark.parametrize(
    ("heading", "subject"),
    [
        ("5.1 Quantitative results", "Quantitative results"),
        ("Chapter 3. Access control lists", "Access control lists"),
        ("Annexe II : barème des indemnités", "barème des indemnités"),
        ("Article L1234-5 – Période d'essai", "Période d'essai"),
        ("a) Conditions d'accès", "Conditions d'accès"),
        ("IV. Droits des doctorants", "Droits des doctorants"),
        ("• Frais de mission :", "Frais de mission"),
        ("Issue of the certificate", "Issue of the certificate"),
        ("Titre civil des personnes", "Titre civil des personnes"),
        ("Partie à un contrat", "Partie à un contrat"),
        ("Des droits et devoirs", "Des droits et devoirs"),
    ],
)
def test_number_is_removed_from_a_heading(heading, subject):
    assert subjects([heading], Document(name="notes.txt")) == [subject]


@pytest.mark.parametrize("heading", ["Annexe 3", "Article L1234-5", "2.4", "Chapitre IV"])
def test_heading_that_is_only_a_number_is_skipped(heading):
    assert subjects([heading], Document(name="notes.txt")) == []


def test_document_title_is_not_used_as_an_example(db):
    document = Document(name="notes.txt", title="1. Règlement des études de santé")
    assert subjects(["Règlement des études de santé", "Études de santé"], document) == []


def test_names_of_sheets_and_meaningless_file_names_are_omitted(cast):
    sheet = DocumentFactory(instance=cast.instance, name="b.xlsx", unit=Document.Unit.SHEET)
    odd = DocumentFactory(instance=cast.instance, name="45544.pdf", title="")
    for document in (sheet, odd):
        ChunkFactory(
            instance=cast.instance, document=document, heading="Durée du stage", position=0
        )
    with translation.override("en"), tenant(cast.instance):
        questions = questions_on_headings(cast.instance)
    assert questions == ["Quelle est la durée du stage\u00a0?"]


def test_examples_in_the_language_of_the_reader_come_first(cast):
    for language, heading in [("fr", "Durée du stage"), ("en", "Duration of the internship")]:
        document = DocumentFactory(instance=cast.instance, language=language)
        ChunkFactory(instance=cast.instance, document=document, heading=heading, position=0)
    for language, start in [("fr", "Quelle est la durée"), ("en", "What is the duration")]:
        with translation.override(language), tenant(cast.instance):
            assert questions_on_headings(cast.instance)[0].startswith(start)


def test_questions_that_begin_differently_come_first(cast):
    headings = ["En cas d'accident grave", "Durée du stage", "Montant de la bourse"]
    document = DocumentFactory(instance=cast.instance, language="fr")
    for position, heading in enumerate(headings):
        ChunkFactory(instance=cast.instance, document=document, position=position, heading=heading)
    with tenant(cast.instance):
        starts = [question.split()[0] for question in questions_on_headings(cast.instance)]
    assert starts == ["Quelle", "Que", "Quel"]


def test_heading_in_another_language_is_used_only_if_it_is_a_question(cast):
    document = DocumentFactory(instance=cast.instance, language="de")
    for position, heading in enumerate(["Wer darf im Rat wählen?", "Dauer des Praktikums"]):
        ChunkFactory(instance=cast.instance, document=document, position=position, heading=heading)
    with tenant(cast.instance):
        assert questions_on_headings(cast.instance) == ["Wer darf im Rat wählen?"]


def test_examples_take_two_queries_for_any_number_of_documents(cast, django_assert_num_queries):
    for _ in range(5):
        document = DocumentFactory(instance=cast.instance)
        ChunkFactory(instance=cast.instance, document=document, heading="Frais de mission")
    with tenant(cast.instance), django_assert_num_queries(2):
        questions_on_headings(cast.instance)
