"""One page read by OCR: its text, in order, and the places of its words."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from django.conf import settings
from PIL import Image

from ingestion.parsing.document import page_text
from ingestion.parsing.drawn_pages import PARTS
from ingestion.parsing.limits import ParseLimits
from ingestion.parsing.ocr import engine
from ingestion.parsing.ocr.data import OcrData
from ingestion.parsing.ocr.page import recognise_page
from ingestion.parsing.ocr.skew import skew_of
from ingestion.parsing.recognised import RecognisedPage, pack, unpack
from ingestion.parsing.registry import parse
from tests.ingestion.pdf_writer import Page
from tests.ingestion.recognition.scan_writer import ENGLISH, FRENCH, drawn, image_bytes, letter

LEFT = (
    "Le jury se réunit en juin, à huis clos.",
    "Il examine chaque candidature, puis il",
    "notifie sa décision sous quinze jours.",
    "Aucun recours n'est reçu après l'été.",
    "Les procès-verbaux sont conservés dix",
    "ans aux archives de l'établissement.",
)
RIGHT = (
    "La bibliothèque ouvre à huit heures et",
    "ferme à vingt heures, sauf le samedi.",
    "Un lecteur emprunte douze ouvrages au",
    "plus, pour une durée de trois semaines.",
    "Les périodiques sont consultés sur place",
    "et ne peuvent pas être réservés.",
)


@pytest.fixture(autouse=True, scope="module")
def languages() -> Iterator[None]:
    engine.load(OcrData(settings.OCR_DATA_DIR, ("fra", "eng")))
    yield
    engine.unload()


def read(image: Image.Image) -> RecognisedPage:
    return recognise_page(BytesIO(image_bytes(image, "PNG")), 1)


def text_of(image: Image.Image) -> str:
    """The text of a picture as the parser puts it together."""
    file = BytesIO(image_bytes(image, "PNG"))
    document = parse(
        file, name="a.png", limits=ParseLimits(), recognised={1: recognise_page(file, 1)}
    )
    return page_text(document.pages[0])


@pytest.mark.parametrize("dpi", [100, 150, 200, 300])
def test_accents_are_read_at_usual_resolutions(tmp_path: Path, dpi: int) -> None:
    text = text_of(letter(tmp_path, *FRENCH, dpi=dpi)).replace("\n", " ")
    assert " ".join(FRENCH) in text.replace("’", "'")


@pytest.mark.parametrize("degrees", [-6.0, -2.5, -0.4, 0.0, 1.0, 4.0])
def test_skew_is_measured_and_undone(tmp_path: Path, degrees: float) -> None:
    image = letter(tmp_path, *FRENCH, *ENGLISH, *FRENCH, degrees=degrees)
    assert skew_of(image) == pytest.approx(-degrees, abs=0.16)
    text = text_of(image).replace("\n", " ")
    assert FRENCH[1] in text
    assert ENGLISH[2] in text


TURNS = [90, 180, 270]


@pytest.mark.parametrize("turn", TURNS)
def test_pages_on_their_side_or_head_are_read(tmp_path: Path, turn: int) -> None:
    image = letter(tmp_path, *FRENCH, *ENGLISH, degrees=1.5).rotate(-turn, expand=True)
    assert read(image).turn == turn
    text = text_of(image).replace("\n", " ").replace("’", "'")
    assert " ".join(FRENCH) in text
    assert ENGLISH[2] in text


def test_words_of_a_page_on_its_side_are_placed_on_the_page_as_it_is(tmp_path: Path) -> None:
    upright = letter(tmp_path, *FRENCH, *ENGLISH)
    for turn in TURNS:
        image = upright.rotate(-turn, expand=True)
        placed = read(image).placed_words
        assert placed.ratio == pytest.approx(image.height / image.width, abs=0.01)
        word = next(word for word in placed.words if word.text == "fifteenth")
        left, top = word.left * image.width // PARTS, word.top * image.height // PARTS
        right = left + word.width * image.width // PARTS
        covered = image.crop((left, top, right, top + word.height * image.height // PARTS))
        assert min(covered.tobytes()) < 128
        straight = covered.rotate(turn, expand=True)
        assert straight.width > 3 * straight.height


@pytest.mark.parametrize("degrees", [-3.0, 0.0, 3.0])
def test_words_are_placed_on_the_page_as_it_is(tmp_path: Path, degrees: float) -> None:
    """A mark on the page covers dark letters, and no other line."""
    image = letter(tmp_path, *FRENCH, *ENGLISH, *FRENCH, degrees=degrees)
    page = read(image)
    word = next(word for word in page.placed_words.words if word.text == "fifteenth")
    left, top = word.left * image.width // PARTS, word.top * image.height // PARTS
    right = left + word.width * image.width // PARTS
    bottom = top + word.height * image.height // PARTS
    covered = image.crop((left, top, right, bottom))
    assert sum(level < 128 for level in covered.tobytes()) > 0.15 * covered.width * covered.height
    beside = image.crop((left, bottom + 6, right, bottom + 9))
    assert min(beside.tobytes()) > 128


def test_columns_are_read_one_after_the_other(tmp_path: Path) -> None:
    page = Page().text(60, 780, "Règlement des études", size=18)
    page.lines(60, 730, *LEFT, size=11).lines(320, 730, *RIGHT, size=11)
    text = text_of(drawn(page, tmp_path)).replace("’", "'").replace("\n", " ")
    assert text.index("Règlement") < text.index(LEFT[0])
    assert " ".join(LEFT) in text
    assert " ".join(RIGHT) in text
    assert text.index(LEFT[-1]) < text.index(RIGHT[0])


def test_blank_and_tiny_pages_have_no_words() -> None:
    for size in ((1240, 1754), (20, 20), (3, 900)):
        page = read(Image.new("L", size, 255))
        assert page.placed_words.words == ()
        assert page.confidence == 0


def test_what_was_read_survives_its_way_through_the_database(tmp_path: Path) -> None:
    page = read(letter(tmp_path, *ENGLISH))
    assert page.placed_words.words
    assert unpack(pack(page)) == page


@pytest.mark.parametrize(
    "change",
    [
        {"number": -1},
        {"width": 0},
        {"height": "842"},
        {"lines": [[1, 1]]},
        {"lines": [[1, 1, [["", 0, 0, 1, 1, 90]]]]},
        {"lines": [[1, 1, [["a\0", 0, 0, 1, 1, 90]]]]},
        {"lines": [[1, 1, [["a", 0, 0, PARTS + 1, 1, 90]]]]},
        {"lines": [[1, 1, [["a", 0, 0, 1, 1, 101]]]]},
        {"lines": [[1, 1, [["a", 0, 0, 1, 1, 90]] * 20_001]]},
    ],
    ids=["number", "width", "height", "line", "empty", "NUL", "box", "confidence", "words"],
)
def test_result_of_a_hostile_child_is_refused(change: dict[str, object]) -> None:
    good = {"number": 1, "width": 595.0, "height": 842.0, "lines": []}
    assert unpack(good) == RecognisedPage(1, 595.0, 842.0, ())
    with pytest.raises((ValueError, TypeError, KeyError)):
        unpack(good | change)
