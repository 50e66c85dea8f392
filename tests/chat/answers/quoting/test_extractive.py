"""Answers without an LLM: sentences of the passages, word for word."""

import uuid

from chat.answers.quoting.extractive import answer_with_extracts, extracts
from chat.answers.quoting.quotes import cited_numbers
from retrieval.search import RetrievedChunk


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


def test_markdown_cites_each_extract_and_nothing_else() -> None:
    text = "La note [3] renvoie à *l'annexe* <b>deux</b>."
    markdown, _ordered = answer_with_extracts("note", [passage(text, document_name="[2]_.pdf")])
    assert cited_numbers(markdown, n_chunks=9) == [1]
    assert r"\_.pdf" in markdown
    assert "[3]" not in markdown
    assert "3] renvoie" in markdown
    assert r"\<b\>" in markdown
