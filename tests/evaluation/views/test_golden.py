"""Pages of golden questions, for editors and administrators."""

import csv
import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from chat.models import Message
from evaluation.models import GoldenQuestion
from instances.tenancy import tenant
from tests.cast import Cast
from tests.evaluation.factories import GoldenQuestionFactory
from tests.factories import (
    CitationFactory,
    ConversationFactory,
    DocumentFactory,
    DocumentPageFactory,
    FeedbackFactory,
    MessageFactory,
)

URL = "/i/law/evaluation/"
pytestmark = pytest.mark.django_db


def stored(cast: Cast) -> list[GoldenQuestion]:
    with tenant(cast.instance):
        return list(GoldenQuestion.objects.for_instance(cast.instance))


@pytest.mark.parametrize(
    "path", ["", "questions/add/", "questions/import/", "questions/export.csv"]
)
@pytest.mark.parametrize(
    ("person", "status"), [("stranger", 404), ("teammate", 403), ("editor", 200), ("owner", 200)]
)
def test_pages_are_for_editors(
    cast: Cast, client_for: Any, path: str, person: str, status: int
) -> None:
    assert client_for(getattr(cast, person)).get(URL + path).status_code == status


def test_editor_types_changes_and_removes_a_question(cast: Cast, client_for: Any) -> None:
    DocumentFactory(instance=cast.instance, name="leave.pdf", pages=3)
    client = client_for(cast.editor)
    form = {"question": "How many days?", "document_name": "leave.pdf", "page": 2, "words": "25"}
    assert client.post(f"{URL}questions/add/", form).status_code == 302
    (golden,) = stored(cast)
    assert (golden.document_name, golden.page, golden.phrases) == ("leave.pdf", 2, ["25"])
    change = {"question": "How many days?", "must_be_refused": "on"}
    assert client.post(f"{URL}questions/{golden.pk}/", change).status_code == 302
    (golden,) = stored(cast)
    assert (golden.must_be_refused, golden.document_id, golden.page) == (True, None, None)
    client.post(f"{URL}questions/{golden.pk}/remove/")
    assert stored(cast) == []


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"question": ""}, "question"),
        ({"question": "Known?", "words": "x"}, "question"),
        ({"question": "New?"}, "__all__"),
        ({"question": "New?", "words": "x", "must_be_refused": "on"}, "__all__"),
        ({"question": "New?", "words": "x", "page": "2"}, "page"),
        ({"question": "New?", "document_name": "absent.pdf"}, "document_name"),
    ],
)
def test_wrong_question_is_not_saved(
    cast: Cast, client_for: Any, form: dict[str, str], field: str
) -> None:
    GoldenQuestionFactory(instance=cast.instance, question="Known?")
    response = client_for(cast.editor).post(f"{URL}questions/add/", form)
    assert len(response.context["form"].errors[field]) == 1
    assert len(stored(cast)) == 1


def test_question_of_another_instance_is_not_found(cast: Cast, client_for: Any) -> None:
    theirs = GoldenQuestionFactory(instance=cast.other_instance)
    client = client_for(cast.owner)
    assert client.get(f"{URL}questions/{theirs.pk}/").status_code == 404
    assert client.post(f"{URL}questions/{theirs.pk}/remove/").status_code == 404


def test_import_adds_or_says_what_is_wrong(cast: Cast, client_for: Any) -> None:
    client = client_for(cast.editor)

    def send(text: bytes) -> Any:
        return client.post(
            f"{URL}questions/import/", {"file": SimpleUploadedFile("golden.csv", text)}
        )

    response = send(b"question,words\nA?,\n")
    assert [error.number for error in response.context["errors"]] == [2]
    assert send(b"question,words\nA?,twelve\n").status_code == 302
    assert len(stored(cast)) == 1
    assert b"UTF-8" in send(b"question\nd\xe9j\xe0\n").content


def test_export_lists_the_questions(cast: Cast, client_for: Any) -> None:
    GoldenQuestionFactory(instance=cast.instance, question="Who is mayor?")
    text = client_for(cast.editor).get(f"{URL}questions/export.csv").content.decode("utf-8-sig")
    assert [*csv.reader(io.StringIO(text))][1] == ["Who is mayor?", "", "", "", "x"]


def answer_of(cast: Cast, person: Any, *, status: str = "complete", quote: str = "") -> Message:
    """An answer, which cites a document when there is a ``quote``."""
    conversation = ConversationFactory(instance=cast.instance, user=person)
    asked = MessageFactory(instance=cast.instance, conversation=conversation, content="And then?")
    answer = MessageFactory(
        instance=cast.instance,
        conversation=conversation,
        parent=asked,
        role="assistant",
        status=status,
        search_query="When does it open, and then?",
        content="At nine [1].",
    )
    if quote:
        CitationFactory(
            instance=cast.instance, message=answer, used=True, quote=quote, page_start=4, page_end=4
        )
    return answer


def test_editor_keeps_the_question_of_a_good_answer(cast: Cast, client_for: Any) -> None:
    answer = answer_of(cast, cast.editor, quote="opens at\nnine")
    client = client_for(cast.editor)
    response = client.post(f"{URL}questions/keep/{answer.pk}/")
    (golden,) = stored(cast)
    assert response.url == f"{URL}questions/{golden.pk}/"
    assert golden.question == "When does it open, and then?"
    assert (golden.page, golden.words) == (4, "opens at nine")
    assert golden.document_id is not None
    # A second click adds nothing.
    client.post(f"{URL}questions/keep/{answer.pk}/")
    assert len(stored(cast)) == 1


def test_kept_answer_that_found_nothing_must_be_refused(cast: Cast, client_for: Any) -> None:
    answer = answer_of(cast, cast.teammate, status="nothing_found")
    client_for(cast.editor).post(f"{URL}questions/keep/{answer.pk}/")
    assert stored(cast)[0].must_be_refused


def test_private_answer_of_another_person_cannot_be_kept(cast: Cast, client_for: Any) -> None:
    answer = answer_of(cast, cast.teammate)
    client = client_for(cast.editor)
    assert client.post(f"{URL}questions/keep/{answer.pk}/").status_code == 404
    FeedbackFactory(instance=cast.instance, message=answer, user=cast.teammate)
    assert client.post(f"{URL}questions/keep/{answer.pk}/").status_code == 302


def test_expected_document_remains_by_name_when_it_is_deleted(cast: Cast, client_for: Any) -> None:
    document = DocumentFactory(instance=cast.instance, name="leave.pdf")
    GoldenQuestionFactory(
        instance=cast.instance, must_be_refused=False, document=document, document_name="leave.pdf"
    )
    with tenant(cast.instance):
        document.delete()
    assert stored(cast)[0].document_name == "leave.pdf"
    assert b"leave.pdf" in client_for(cast.editor).get(URL).content


def test_expected_document_is_named_by_title_file_and_label_of_the_page(
    cast: Cast, client_for: Any
) -> None:
    document = DocumentFactory(instance=cast.instance, name="r_v3.pdf", title="Leave", pages=5)
    DocumentPageFactory(instance=cast.instance, document=document, number=4, label="iv")
    client = client_for(cast.editor)
    form = {"question": "How many days?", "document_name": "Leave", "page": 4}
    client.post(f"{URL}questions/add/", form)
    text = " ".join(client.get(URL).content.decode().split())
    assert "<bdi>Leave</bdi></a>, <bdi>page iv</bdi>" in text
    assert "<bdi>r_v3.pdf</bdi>" in text
    offered = client.get(f"{URL}questions/add/").content.decode()
    assert '<option value="r_v3.pdf" label="Leave">' in offered
