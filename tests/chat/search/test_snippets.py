"""The part of a passage that is shown, and its marks."""

from chat.search.snippets import SNIPPET_CHARS, snippet
from ingestion.indexing.lexical import words_of_terms


def shown(text: str, query: str) -> tuple[str, list[str]]:
    pieces = snippet(text, words_of_terms(query).keys())
    return "".join(piece.text for piece in pieces), [piece.text for piece in pieces if piece.hit]


def test_words_are_marked_by_their_stems_without_accents():
    text, marks = shown("Les congés annuels et l'été : un CONGÉ de plus.", "congé Ete")
    assert text == "Les congés annuels et l'été : un CONGÉ de plus."
    assert marks == ["congés", "été", "CONGÉ"]


def test_window_has_the_most_different_words_and_ends_between_words():
    far = "mission " * 60 + "remplissage " * 40
    text, marks = shown(
        far + "Le remboursement de la mission à Paris. " + "fin " * 200,
        "mission remboursement Paris",
    )
    assert set(marks) == {"remboursement", "mission", "Paris"}
    assert text.startswith("… ")
    assert text.endswith(" …")
    assert len(text) <= SNIPPET_CHARS + 4
    assert all(word in (far + text).split() for word in text.strip("… ").split())


def test_tables_lose_their_bars():
    text, marks = shown("| Lieu | Prix |\n| --- | --- |\n| Paris | 120 |", "Paris")
    assert (text, marks) == ("Lieu · Prix · Paris · 120", ["Paris"])


def test_passage_without_the_words_begins_at_its_beginning():
    text, marks = shown("mot " * 200, "autre")
    assert text.startswith("mot mot")
    assert marks == []
    assert shown("", "autre") == ("", [])


def test_text_without_spaces_is_cut_all_the_same():
    text, _marks = shown("x" * 1000, "autre")
    assert len(text) <= SNIPPET_CHARS + 2
