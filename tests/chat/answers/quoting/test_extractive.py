"""Answers without an LLM: sentences of the passages, word for word."""

import uuid

import pytest

from chat.answers.quoting.extractive import answer_with_extracts, extracts
from chat.answers.quoting.quotes import cited_numbers
from retrieval.results import Copy, RetrievedChunk


def passage(text: str, **fields: object) -> RetrievedChunk:
    defaults = {
        "chunk_id": 1,
        "document_id": uuid.uuid4(),
        "document_name": "guide.pdf",
        "document_title": "",
        "unit": "page",
        "page_start": 1,
        "page_end": 1,
        "page_label": "",
        "heading": "",
        "char_start": 0,
        "char_end": len(text),
        "score": 1.0,
        "cosine": 0.9,
        "bm25": 1.0,
        "relevance": 0.9,
    }
    return RetrievedChunk(text=text, **(defaults | fields))


CHUNKS = [
    passage(
        "La bibliothèque ouvre à huit heures. Les prêts durent trois semaines. "
        "Le catalogue est en ligne."
    ),
    passage("Les prêts entre universités durent deux mois."),
    passage("La cafétéria sert le déjeuner."),
]


def test_best_sentence_comes_first_verbatim_with_its_number() -> None:
    found = extracts("Combien de temps durent les prêts ?", CHUNKS)
    assert found[0].number == 1
    assert found[0].quote == "Les prêts durent trois semaines."
    assert all(extract.quote in CHUNKS[extract.number - 1].text for extract in found)


def test_unrelated_passages_are_not_quoted() -> None:
    assert 3 not in {extract.number for extract in extracts("durée des prêts", CHUNKS)}


def test_question_without_shared_words_is_answered_from_the_best_passage() -> None:
    found = extracts("¿Cuánto duran los préstamos?", CHUNKS)
    assert found[0].number == 1
    assert found[0].quote


def test_extracts_are_numbered_consecutively_with_document_and_place() -> None:
    passages = [
        passage("Le prêt."),
        passage("La cafétéria sert le déjeuner."),
        passage("Les prêts entre universités durent deux mois.", page_start=4, page_end=5),
    ]
    markdown, ordered = answer_with_extracts("Durée des prêts entre universités", passages)
    assert ordered[0] is passages[2]
    assert set(map(id, ordered)) == set(map(id, passages))
    cited = cited_numbers(markdown, n_chunks=9)
    assert cited == list(range(1, len(cited) + 1))
    assert markdown.startswith(
        "> Les prêts entre universités durent deux mois. [1]\n>\n> guide.pdf, pages 4–5"
    )


def test_section_named_as_its_document_is_named_once() -> None:
    named = {"unit": "section", "page_label": "Règlement", "document_title": "Règlement"}
    text = passage("Les prêts durent deux mois.", **named)
    markdown, _ordered = answer_with_extracts("Durée des prêts", [text])
    assert markdown.endswith("> Règlement, section 1")


def test_markdown_cites_each_extract_and_nothing_else() -> None:
    text = "La note [3] renvoie à *l'annexe* <b>deux</b>."
    markdown, _ordered = answer_with_extracts("note", [passage(text, document_name="[2]_.pdf")])
    assert cited_numbers(markdown, n_chunks=9) == [1]
    assert r"\_.pdf" in markdown
    assert "[3]" not in markdown
    assert "3] renvoie" in markdown
    assert r"\<b\>" in markdown


REGULATION = (
    "LE PRÉSIDENT DU CSN\n\n"
    "Chapitre 2 – Les sanctions .......... 14\n\n"
    "Article 5 – Sanctions\n\n"
    "Tout manquement expose son auteur aux mesures suivantes :\n\n"
    "- un rappel à l'ordre ;\n- une suspension du prêt ;\n- l'exclusion.\n\n"
    "Le conseil supérieur du notariat (CSN) siège à Paris. Le CSN publie un rapport.\n\n"
    "| Lecteurs | Documents | Durée |\n| --- | --- | --- |\n"
    "| Licence | 8 | 3 semaines |\n| Master | 12 | 4 semaines |"
)


def quoted(question: str, text: str = REGULATION) -> str:
    """The words of the first extract."""
    return extracts(question, [passage(text)])[0].quote


def test_definition_is_the_sentence_that_expands_the_acronym() -> None:
    assert quoted("Qu'est-ce que le CSN ?") == (
        "Le conseil supérieur du notariat (CSN) siège à Paris."
    )


def test_list_is_whole_with_its_lead_in() -> None:
    assert quoted("Quelles sont les sanctions en cas de manquement ?") == (
        "Tout manquement expose son auteur aux mesures suivantes :\n\n"
        "- un rappel à l'ordre ;\n- une suspension du prêt ;\n- l'exclusion."
    )


def test_row_of_a_table_is_shown_with_the_names_of_its_columns() -> None:
    question = "Combien de documents en master ?"
    (extract, *_others) = extracts(question, [passage(REGULATION)])
    assert extract.quotes[0] == "| Master | 12 | 4 semaines |"
    markdown, _ordered = answer_with_extracts(question, [passage(REGULATION)])
    assert markdown.startswith("> Master · Documents: 12 · Durée: 4 semaines")


@pytest.mark.parametrize(
    "question",
    ["Les sanctions du chapitre 2", "Qui est le président du CSN ?", "Article 5", "notariat"],
)
def test_headings_and_contents_lines_are_never_extracted(question: str) -> None:
    words = quoted(question)
    assert "LE PRÉSIDENT" not in words
    assert ".... 14" not in words
    assert "Article 5" not in words


def test_sentence_that_refers_to_the_one_before_comes_with_it() -> None:
    text = "Le prêt est gratuit. Il dure trois semaines au plus. La salle ouvre à neuf heures."
    assert quoted("Combien de semaines dure-t-il au plus ?", text).startswith(
        "Le prêt est gratuit. Il dure trois semaines au plus."
    )


def test_passages_that_say_the_same_are_folded() -> None:
    text = "Les prêts durent trois semaines au plus."
    passages = [
        passage(text),
        passage(text, document_name="copie.pdf"),
        passage("Les prêts durent six semaines au plus.", document_name="ancien.pdf"),
    ]
    found = extracts("Combien de temps durent les prêts ?", passages)
    assert [(extract.number, extract.also_in) for extract in found] == [(1, (2,)), (3, ())]
    markdown, _ordered = answer_with_extracts("Combien de temps durent les prêts ?", passages)
    assert "> Also in: copie.pdf" in markdown


def test_copies_that_the_search_has_folded_are_named() -> None:
    copies = (Copy(uuid.uuid4(), "copie.pdf", 2), Copy(uuid.uuid4(), "ancien.pdf", 3))
    markdown, _ordered = answer_with_extracts(
        "Combien de temps durent les prêts ?",
        [passage("Les prêts durent trois semaines au plus.", copies=copies)],
    )
    assert "> Also in: copie.pdf · ancien.pdf" in markdown


def test_items_of_a_list_stay_items_in_markdown() -> None:
    markdown, _ordered = answer_with_extracts("Quelles sont les sanctions ?", [passage(REGULATION)])
    assert (
        "> - un rappel à l'ordre ;\n> - une suspension du prêt ;\n> - l'exclusion. [1]" in markdown
    )
