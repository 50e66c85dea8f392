"""What readers are told when no passage answers."""

from chat.answers.refusals.messages import nearest_passages, refusal
from retrieval.results import RetrievedChunk, SearchResult, SearchTiming
from tests.chat.answers.quoting.test_extractive import passage
from usage.subjects.classifier import UNCLASSIFIED


def found(*chunks: RetrievedChunk, unknown_words: tuple[str, ...] = ()) -> SearchResult:
    timing = SearchTiming(1.0, 1.0)
    return SearchResult(chunks, False, UNCLASSIFIED, timing, 0.0, unknown_words=unknown_words)


RULES = passage(
    "Le prêt.", document_name="rules.pdf", page_start=3, page_end=3, heading="A › Loans"
)


def test_refusal_names_unknown_words_the_nearest_passages_and_how_to_ask() -> None:
    text = refusal(found(RULES, unknown_words=("Japon", "visa")), may_read_documents=True)
    assert "No document uses the words “Japon”, “visa”." in text
    assert "- rules.pdf, page 3 · Loans" in text
    assert "To ask better" in text


def test_who_may_not_read_documents_learns_nothing_about_them() -> None:
    text = refusal(found(RULES, unknown_words=("Japon",)), may_read_documents=False)
    assert "rules" not in text
    assert "Japon" not in text
    assert "To ask better" in text


def test_each_document_is_named_once() -> None:
    twice = [RULES, RULES, passage("b", document_name="*b*.pdf")]
    assert nearest_passages(twice).splitlines()[2:] == [
        "- rules.pdf, page 3 · Loans",
        r"- \*b\*.pdf, page 1",
    ]
    assert nearest_passages([]) == ""
