"""Golden questions imported from CSV."""

import pytest
from django.utils import translation

from evaluation.golden.collection import exported_rows
from evaluation.golden.importing import ImportReport, import_questions
from evaluation.models import GoldenQuestion
from instances.tenancy import tenant
from tests.cast import Cast
from tests.evaluation.factories import GoldenQuestionFactory
from tests.factories import DocumentFactory
from web.csv_files import csv_header, csv_lines

HEADING = "question;document;page;words;refuse"


def imported(cast: Cast, *lines: str, heading: str = HEADING) -> ImportReport:
    with tenant(cast.instance):
        return import_questions(cast.instance, "\r\n".join([heading, *lines]))


def stored(cast: Cast) -> list[GoldenQuestion]:
    with tenant(cast.instance):
        return list(GoldenQuestion.objects.for_instance(cast.instance))


def messages(report: ImportReport) -> list[str]:
    return [f"{error.number}: {error.message}" for error in report.errors]


@pytest.fixture
def leave(cast: Cast) -> None:
    DocumentFactory(instance=cast.instance, name="leave.pdf", title="Leave of staff", pages=12)


@pytest.mark.usefixtures("leave")
def test_lines_become_golden_questions(cast: Cast) -> None:
    report = imported(
        cast, "How many days?;Leave of staff;3;25 days | a year;", "Who is mayor?;;;;x"
    )
    assert (report.added, report.known, report.errors) == (2, 0, [])
    days, mayor = stored(cast)
    assert (days.document_name, days.page, days.phrases) == ("leave.pdf", 3, ["25 days", "a year"])
    assert days.document_id is not None
    assert mayor.must_be_refused


@pytest.mark.parametrize(
    ("heading", "line"),
    [
        ("Question,Words", 'How many days?,"25, at least"'),
        ("Mots;Question", "25, at least;How many days?"),
        ("\ufeffquestion\tremarks\tmots", "How many days?\tours\t25, at least"),
    ],
)
def test_columns_are_found_by_their_names(cast: Cast, heading: str, line: str) -> None:
    assert imported(cast, line, heading=heading).added == 1
    assert stored(cast)[0].phrases == ["25, at least"]


@pytest.mark.usefixtures("leave")
@pytest.mark.parametrize(
    ("line", "message"),
    [
        (";leave.pdf;;;", "2: The question is missing."),
        ("Days?;absent.pdf;;;", "2: No document is called “absent.pdf”."),
        ("Days?;leave.pdf;13;;", "2: “13” is not a page of this document, which has 12."),
        ("Days?;leave.pdf;two;;", "2: “two” is not a page of this document, which has 12."),
        ("Days?;;3;25;", "2: A page is expected, but no document."),
        ("Days?;;;25;perhaps", "2: The column “refuse” must be empty or x."),
        ("Days?;leave.pdf;;;x", "2: Give the expected document or words"),
        ("Days?;;;;", "2: Give the expected document or words"),
    ],
)
def test_wrong_line_is_said_and_nothing_is_imported(cast: Cast, line: str, message: str) -> None:
    report = imported(cast, line, "Who is mayor?;;;;x")
    (found,) = messages(report)
    assert found.startswith(message)
    assert stored(cast) == []


def test_document_of_another_instance_is_unknown(cast: Cast) -> None:
    DocumentFactory(instance=cast.other_instance, name="theirs.pdf")
    assert messages(imported(cast, "Days?;theirs.pdf;;;"))[0].startswith("2: No document")


def test_errors_are_translated(cast: Cast) -> None:
    with translation.override("fr"):
        (message,) = messages(imported(cast, ";;;;x"))
    assert message == "2: La question manque."


def test_heading_without_questions_is_refused(cast: Cast) -> None:
    assert messages(imported(cast, "1;2", heading="a;b"))[0].startswith("1: The first line")


def test_known_questions_are_counted_and_repeated_ones_refused(cast: Cast) -> None:
    GoldenQuestionFactory(instance=cast.instance, question="Who is mayor?")
    assert imported(cast, "who is  MAYOR?;;;;x", "Who is king?;;;;x") == ImportReport(1, 1)
    assert messages(imported(cast, "A?;;;;x", "a?;;;;x"))[0].startswith("3: The same question")


@pytest.mark.usefixtures("leave")
def test_export_can_be_imported_again(cast: Cast) -> None:
    imported(cast, "How many days?;leave.pdf;3;-25 | =days;", "Who is mayor?;;;;x")
    with tenant(cast.instance):
        text = csv_header(HEADING.split(";")) + csv_lines(exported_rows(cast.instance))
        before = [(g.question, g.document_name, g.page, g.words) for g in stored(cast)]
        GoldenQuestion.objects.for_instance(cast.instance).delete()
        report = import_questions(cast.instance, text)
    assert (report.added, report.errors) == (2, [])
    after = [(g.question, g.document_name, g.page, g.words) for g in stored(cast)]
    assert [one[:3] for one in after] == [one[:3] for one in before]
