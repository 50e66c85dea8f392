"""Passages: sizes, places, headings, tables."""

import random

import pytest

from ingestion.chunking import TokenCounter, chunk_document, embedding_text
from ingestion.chunking.sentences import sentence_spans
from ingestion.parsing.document import Block, ParsedDocument, ParsedPage, Unit, page_text

COUNTER = TokenCounter(None)
SENTENCE = "La bibliothèque de l'université ouvre à huit heures du matin. "


def make(*pages: list[Block], unit: Unit = "page", labels: tuple[str, ...] = ()) -> ParsedDocument:
    """Return a document of those pages."""
    names = labels or ("",) * len(pages)
    return ParsedDocument(
        "text/plain",
        "Titre",
        "fr",
        unit,
        tuple(
            ParsedPage(number, label, tuple(blocks))
            for number, (label, blocks) in enumerate(zip(names, pages, strict=True), start=1)
        ),
    )


def text(n: int, *, prefix: str = "") -> Block:
    return Block("paragraph", (prefix + SENTENCE * n).strip())


def random_document(seed: int) -> ParsedDocument:
    """Return a document of all kinds of blocks, of sizes from nothing to far too much."""
    choose = random.Random(seed)
    pages = []
    for _ in range(choose.randint(1, 6)):
        blocks = []
        for _ in range(choose.randint(0, 12)):
            kind = choose.choice(
                ["heading", "paragraph", "paragraph", "list_item", "table", "code"]
            )
            words = ["mot" + "x" * choose.randint(0, 12) for _ in range(choose.randint(1, 400))]
            if kind == "heading":
                blocks.append(Block("heading", " ".join(words[:6]), choose.randint(1, 4)))
            elif kind == "table":
                rows = [" | ".join(words[i : i + 3]) for i in range(0, len(words), 3)]
                lines = [f"| {row} |" for row in rows]
                blocks.append(Block("table", "\n".join([lines[0], "| --- |", *lines[1:]])))
            elif kind == "code":
                blocks.append(Block("code", "\n".join(words)))
            else:
                joint = choose.choice([" ", ". M", ""])
                blocks.append(Block(kind, joint.join(words)))
        pages.append(blocks)
    return make(*pages, unit=choose.choice(["page", "slide", "section", "sheet"]))


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("chunk_tokens", [40, 256])
def test_every_passage_fits_and_every_word_is_in_one(seed: int, chunk_tokens: int) -> None:
    document = random_document(seed)
    passages = chunk_document(document, counter=COUNTER, chunk_tokens=chunk_tokens)
    assert [passage.position for passage in passages] == list(range(len(passages)))
    for passage in passages:
        assert 0 < COUNTER.count(passage.text) <= chunk_tokens + 2
        context = embedding_text("Titre", passage.heading, passage.text)
        assert COUNTER.count(context) <= 512 - 8
    found = "".join(passage.heading + passage.text for passage in passages).replace("\n", "")
    for page in document.pages:
        for block in page.blocks:
            if block.kind in ("paragraph", "code"):
                assert all(word in found for word in block.text.split() if len(word) < 30)


@pytest.mark.parametrize("seed", range(20))
def test_offsets_point_at_the_text(seed: int) -> None:
    document = random_document(seed)
    texts = {page.number: page_text(page) for page in document.pages}
    for passage in chunk_document(document, counter=COUNTER, chunk_tokens=120):
        assert passage.page_start <= passage.page_end
        if passage.page_start == passage.page_end and "|" not in passage.text:
            span = texts[passage.page_start][passage.char_start : passage.char_end]
            assert span == passage.text


def test_headings_make_the_path_and_are_not_repeated_in_the_text() -> None:
    document = make(
        [
            Block("heading", "Règlement", 1),
            text(6),
            Block("heading", "Article 1", 2),
            text(6, prefix="Un. "),
            Block("heading", "Annexe", 1),
            text(6, prefix="Deux. "),
        ]
    )
    passages = chunk_document(document, counter=COUNTER, chunk_tokens=150)
    assert [passage.heading for passage in passages] == [
        "Règlement", "Règlement › Article 1", "Annexe",
    ]  # fmt: skip
    assert passages[1].text.startswith("Un. ")


def test_small_sections_join_under_what_they_share_and_keep_their_headings() -> None:
    blocks = [Block("heading", "Horaires", 1)]
    for day in ("Lundi", "Mardi"):
        blocks += [Block("heading", day, 2), Block("paragraph", f"De 8 h à 18 h le {day}.")]
    (passage,) = chunk_document(make(blocks), counter=COUNTER, chunk_tokens=256)
    assert passage.heading == "Horaires"
    assert "Lundi\n\nDe 8 h" in passage.text
    assert "Mardi\n\nDe 8 h" in passage.text


def test_table_header_is_repeated_and_rows_are_whole() -> None:
    rows = [f"| Étudiant {n} | {n} |" for n in range(80)]
    document = make(
        [Block("table", "\n".join(["| Nom | Note |", "| --- | --- |", *rows]))], unit="sheet"
    )
    passages = chunk_document(document, counter=COUNTER, chunk_tokens=120)
    assert len(passages) > 3
    for passage in passages:
        lines = passage.text.split("\n")
        assert lines[:2] == ["| Nom | Note |", "| --- | --- |"]
        assert set(lines[2:]) <= set(rows)
    assert sum(passage.text.count("Étudiant") for passage in passages) == 80


def test_rows_of_wide_table_repeat_column_names() -> None:
    names = [f"colonne numéro {n}" for n in range(30)]
    lines = [
        "| " + " | ".join(row) + " |" for row in (names, ["---"] * 30, [str(n) for n in range(30)])
    ]
    document = make([Block("table", "\n".join(lines))], unit="sheet")
    passages = chunk_document(document, counter=COUNTER, chunk_tokens=100)
    joined = " ".join(passage.text for passage in passages)
    assert all(f"colonne numéro {n}: {n}" in joined for n in range(30))


def test_slides_stay_apart_and_small_pages_flow() -> None:
    pages = [[Block("paragraph", f"Page {n}.")] for n in range(3)]
    slides = chunk_document(make(*pages, unit="slide"), counter=COUNTER)
    assert [(p.page_start, p.page_end) for p in slides] == [(1, 1), (2, 2), (3, 3)]
    (flowing,) = chunk_document(make(*pages, unit="page"), counter=COUNTER)
    assert (flowing.page_start, flowing.page_end) == (1, 3)


def test_a_sentence_cut_by_a_page_end_is_whole_and_records_both_pages() -> None:
    document = make(
        [Block("paragraph", SENTENCE * 5 + "Le jury se réunit")],
        [Block("paragraph", "en fin d'année. " + SENTENCE * 5)],
    )
    passages = chunk_document(document, counter=COUNTER, chunk_tokens=200)
    across = [passage for passage in passages if passage.page_start != passage.page_end]
    assert len(across) == 1
    assert "Le jury se réunit en fin d'année." in across[0].text


def test_labels_name_sheets_in_the_path() -> None:
    document = make([text(1)], unit="sheet", labels=("Budget 2024",))
    (passage,) = chunk_document(document, counter=COUNTER)
    assert passage.heading == "Budget 2024"


def test_sentence_boundaries() -> None:
    source = "Voir l'art. 5 du Code. M. Durand est venu ! Est-ce vrai ? « Oui. » Fin"
    assert [source[start:end] for start, end in sentence_spans(source)] == [
        "Voir l'art. 5 du Code.", "M. Durand est venu !", "Est-ce vrai ?", "« Oui. »", "Fin",
    ]  # fmt: skip


def test_embedding_text_puts_title_and_path_on_one_line() -> None:
    assert embedding_text("Guide", "A › B", "Texte") == "Guide › A › B\nTexte"
    assert embedding_text("", "", "Texte") == "Texte"


@pytest.mark.parametrize("filler", [".", " ", "\n", "\n ", "« ", ".» "])
def test_a_million_dots_or_spaces_cost_no_more_than_words(filler: str) -> None:
    # Were each run tried from each of its characters, this would take an hour.
    source = "A" + filler * (1_000_000 // len(filler)) + "x"
    assert sum(end - start for start, end in sentence_spans(source)) <= len(source)
