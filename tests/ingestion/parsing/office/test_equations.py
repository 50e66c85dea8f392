"""Equations of Office files, on one line as people type them."""

from pathlib import Path

import pytest

from tests.ingestion.package_writer import slide, write_docx, write_pptx
from tests.ingestion.reading import read, text_of


def math(content: str) -> str:
    return f'<m:oMath xmlns:m="m">{content}</m:oMath>'


def run(text: str) -> str:
    return f"<m:r><m:t>{text}</m:t></m:r>"


def e(text: str) -> str:
    return f"<m:e>{run(text)}</m:e>"


SUM = (
    f'<m:nary><m:naryPr><m:chr m:val="∑"/></m:naryPr><m:sub>{run("i=1")}</m:sub><m:sup>{run("n")}'
    f"</m:sup><m:e><m:sSup>{e('x')}<m:sup>{run('2')}</m:sup></m:sSup></m:e></m:nary>"
)


@pytest.mark.parametrize(
    ("content", "shown"),
    [
        (SUM, "∑_(i=1)^n x^2"),
        (f"<m:nary><m:sub>{run('0')}</m:sub><m:sup>{run('1')}</m:sup>{e('f')}</m:nary>", "∫_0^1 f"),
        (f"<m:f><m:num>{run('a+b')}</m:num><m:den>{run('2')}</m:den></m:f>", "(a+b)/2"),
        (f"{run('f')}<m:d>{e('x')}</m:d>", "f(x)"),
        (f'<m:d><m:dPr><m:begChr m:val="["/><m:sepChr m:val=";"/><m:endChr m:val="["/></m:dPr>'
         f"{e('0')}{e('1')}</m:d>", "[0;1["),
        (f"<m:rad><m:deg>{run('3')}</m:deg>{e('x')}</m:rad>", "3√x"),
        (f"<m:func><m:fName><m:limLow>{e('lim')}<m:lim>{run('x→0')}</m:lim></m:limLow></m:fName>"
         f"{e('x')}</m:func>", "lim_(x→0) x"),
        (f"<m:m><m:mr>{e('1')}{e('0')}</m:mr><m:mr>{e('0')}{e('1')}</m:mr></m:m>", "1, 0; 0, 1"),
        (f"<m:acc>{e('x')}</m:acc>", "x̂"),
    ],
)  # fmt: skip
def test_equation_reads_as_people_type_it(tmp_path: Path, content: str, shown: str) -> None:
    path = write_docx(tmp_path / "a.docx", f"<w:p>{math(content)}</w:p>")
    assert text_of(read(path)) == shown


def test_equation_on_a_slide_is_read_once(tmp_path: Path) -> None:
    text = (
        '<mc:AlternateContent xmlns:mc="mc"><mc:Choice>' + math(SUM) + "</mc:Choice><mc:Fallback>"
        "<a:r><a:t>image</a:t></a:r></mc:Fallback></mc:AlternateContent>"
    )
    path = write_pptx(
        tmp_path / "a.pptx", slide(f"<p:sp><p:txBody><a:p>{text}</a:p></p:txBody></p:sp>")
    )
    assert text_of(read(path)) == "∑_(i=1)^n x^2"
