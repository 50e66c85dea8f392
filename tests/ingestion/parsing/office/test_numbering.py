"""Numbers of lists and headings that programs compute and files do not hold."""

from pathlib import Path

import pytest

from tests.ingestion.package_writer import slide, write_docx, write_pptx
from tests.ingestion.reading import read, text_of

LEVELS = "".join(
    f'<w:lvl w:ilvl="{number}"><w:start w:val="1"/><w:numFmt w:val="{form}"/>{more}'
    f'<w:lvlText w:val="{text}"/></w:lvl>'
    for number, (form, text, more) in enumerate(
        [
            ("upperRoman", "Titre %1", '<w:pStyle w:val="H1"/>'),
            ("decimal", "%1.%2", '<w:pStyle w:val="H2"/><w:isLgl/>'),
            ("lowerLetter", "%3)", '<w:lvlRestart w:val="0"/>'),
        ]
    )
)
NUMBERING = (
    f'<w:numbering {{ns}}><w:abstractNum w:abstractNumId="0"><w:styleLink w:val="L"/>{LEVELS}'
    '</w:abstractNum><w:abstractNum w:abstractNumId="1"><w:numStyleLink w:val="L"/></w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId '
    'w:val="0"/><w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride></w:num>'
    '<w:num w:numId="3"><w:abstractNumId w:val="1"/></w:num></w:numbering>'
)
STYLES = "<w:styles {ns}>" + "".join(
    f'<w:style w:type="paragraph" w:styleId="H{n}"><w:name w:val="heading {n}"/><w:pPr><w:numPr>'
    '<w:numId w:val="1"/></w:numPr></w:pPr></w:style>'
    for n in (1, 2)
) + "</w:styles>"  # fmt: skip


def item(text: str, level: int = 0, number: int = 1) -> str:
    place = f'<w:ilvl w:val="{level}"/><w:numId w:val="{number}"/>'
    return f"<w:p><w:pPr><w:numPr>{place}</w:numPr></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"


def heading(text: str, level: int) -> str:
    style = f'<w:pPr><w:pStyle w:val="H{level}"/></w:pPr>'
    return f"<w:p>{style}<w:r><w:t>{text}</w:t></w:r></w:p>"


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (item("a") + item("b") + item("c", 1), ["Titre I a", "Titre II b", "2.1 c"]),
        (item("a") + item("b", number=2) + item("c", number=2),
         ["Titre I a", "Titre V b", "Titre VI c"]),
        (item("a", 2) + item("b") + item("c", 2), ["a) a", "Titre I b", "b) c"]),
        (heading("a", 1) + heading("b", 2) + heading("c", 2), ["Titre I a", "1.1 b", "1.2 c"]),
        (item("a", number=3) + item("b", 1, number=3), ["Titre I a", "1.1 b"]),
    ],
    ids=["legal numbers", "override of the start", "no restart", "by styles", "by a list style"],
)  # fmt: skip
def test_word_counts_as_word(tmp_path: Path, body: str, shown: list[str]) -> None:
    parts = {"numbering": NUMBERING, "styles": STYLES}
    text = text_of(read(write_docx(tmp_path / "a.docx", body, parts=parts)))
    assert [line.strip() for line in text.splitlines() if line] == shown


@pytest.mark.parametrize(
    ("scheme", "shown"),
    [
        ('type="alphaLcParenR" startAt="3"', ["c) a", "d) b"]),
        ('type="romanUcPeriod"', ["I. a", "II. b"]),
        ('type="arabicParenBoth"', ["(1) a", "(2) b"]),
        ('type="circleNumDbPlain"', ["1. a", "2. b"]),
    ],
)
def test_slide_counts_as_powerpoint(tmp_path: Path, scheme: str, shown: list[str]) -> None:
    items = "".join(
        f"<a:p><a:pPr><a:buAutoNum {scheme}/></a:pPr><a:r><a:t>{text}</a:t></a:r></a:p>"
        for text in "ab"
    )
    path = write_pptx(tmp_path / "a.pptx", slide(f"<p:sp><p:txBody>{items}</p:txBody></p:sp>"))
    assert text_of(read(path)).splitlines() == shown
