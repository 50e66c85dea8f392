"""The page that inspects a question, for editors and administrators."""

from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient, Client

from inference.embedding.client import AsyncEmbeddingClient
from inference.embedding.vectors import EmbeddedQuery
from ingestion.documents.sensitivity import classify
from ingestion.models import Document
from instances.models import Sensitivity
from instances.tenancy import tenant
from tests.cast import Cast
from tests.factories import ConversationFactory, FeedbackFactory, MessageFactory
from tests.fixtures.corpus import TEXTS, add_document
from tests.scripted_llm import ScriptedLLM, json_reply
from tests.usage.factories import QuotaFactory
from usage.models import QuotaCounter, UsageRecord

URL = "/i/law/evaluation/inspect/"
ANSWERED = "Combien de jours de congé ont les doctorants ?"
FOREIGN = "Quelle est la capitale de la Mongolie ?"

pytestmark = pytest.mark.usefixtures("closed_connections")


def posted(question: str, **changes: Any) -> dict[str, Any]:
    """The form under the settings of the instance, except ``changes``."""
    return {"question": question, "strictness": "balanced", "top_k": 6, "model_id": ""} | changes


@pytest.mark.parametrize(
    ("person", "status"), [("stranger", 404), ("teammate", 403), ("editor", 200), ("owner", 200)]
)
def test_page_is_for_editors(
    transactional_db: None, cast: Cast, client_for: Any, person: str, status: int
) -> None:
    assert client_for(getattr(cast, person)).get(URL).status_code == status


@pytest.fixture
def editor(library: Cast, client_for: Any) -> Client:
    return client_for(library.editor)


def test_answered_question_shows_legs_and_the_passage_given(library: Cast, editor: Client) -> None:
    response = editor.post(URL, posted(ANSWERED))
    (inspection,) = response.context["inspections"]
    assert not inspection.is_refused
    best = inspection.passages[0]
    assert (best.title, best.fate, best.number) == ("conges.txt", "given", "1")
    assert (best.fused[0], best.dense[0], best.lexical[0]) == ("1", "1", "1")
    assert "vingt-cinq jours" in inspection.answer
    assert inspection.prompt == []
    with tenant(library.instance):
        records = UsageRecord.objects.exclude(kind="ingestion")
        assert [(one.kind, one.user_id) for one in records] == [("embedding", library.editor.pk)]


def test_inspection_counts_in_quotas(library: Cast, editor: Client) -> None:
    """Under two settings it is one request, whose searches are recorded together."""
    QuotaFactory(instance=library.instance, per="member", amount=1)
    QuotaFactory(instance=library.instance, per="instance", measure="energy", amount=100)
    assert len(editor.post(URL, posted(ANSWERED, top_k=3)).context["inspections"]) == 2
    with tenant(library.instance):
        record = UsageRecord.objects.exclude(kind="ingestion").get()
        used = dict(QuotaCounter.objects.values_list("quota__measure", "used"))
        assert not QuotaCounter.objects.exclude(reserved=0).exists()
    assert used["requests"] == 1
    assert float(used["energy"]) == pytest.approx(record.energy_wh, abs=1e-7)
    refused = editor.post(URL, posted(ANSWERED))
    assert (refused.status_code, "Retry-After" in refused.headers) == (429, True)
    assert "1 request" in refused.text


def test_inspection_that_fails_is_recorded(
    library: Cast, editor: Client, scripted_llm: ScriptedLLM, settings: Any
) -> None:
    settings.EMBEDDING_BASE_URL = scripted_llm.base_url
    scripted_llm.script(json_reply({"error": {"message": "no such model"}}, 400))
    assert editor.post(URL, posted(ANSWERED)).status_code == 503
    with tenant(library.instance):
        record = UsageRecord.objects.exclude(kind="ingestion").get()
    assert (record.kind, record.outcome) == ("embedding", "failed")


def test_copy_names_the_passage_into_which_it_is_folded(library: Cast, editor: Client) -> None:
    text = TEXTS["conges.txt"].replace("personnel", "personel")
    add_document(library.instance, library.owner, "copie.txt", text)
    response = editor.post(URL, posted(ANSWERED))
    (inspection,) = response.context["inspections"]
    folded = [passage for passage in inspection.passages if passage.fate == "folded"]
    first = next(passage for passage in inspection.passages if passage.number == "1")
    assert {first.title, folded[0].title} == {"conges.txt", "copie.txt"}
    assert [passage.folded_into for passage in folded] == ["1"]
    said = " ".join(response.text.split())
    assert "says the same as another passage [1]" in said


def test_passage_that_its_date_puts_first_says_so(library: Cast, editor: Client) -> None:
    for year, price in ((2021, "5,40"), (2024, "5,95")):
        text = f"Un repas complet coûte {price} € et se paie par carte au restaurant universitaire."
        add_document(library.instance, library.owner, f"tarifs {year}.txt", text)
    moved = []
    # The fusion has one of them first for both questions.
    for asked, first in (("2022", "tarifs 2021.txt"), ("2025", "tarifs 2024.txt")):
        question = f"Combien coûtait un repas complet au restaurant universitaire en {asked} ?"
        response = editor.post(URL, posted(question))
        (inspection,) = response.context["inspections"]
        (best,) = (passage for passage in inspection.passages if passage.number == "1")
        assert best.title == first
        assert best.moved in response.text
        moved.append(best.moved)
    assert sorted(moved) == ["", "Put before [2], which says nearly the same, by its date."]


def test_refused_question_shows_its_evidence_and_unknown_words(editor: Client) -> None:
    response = editor.post(URL, posted(FOREIGN))
    (inspection,) = response.context["inspections"]
    assert inspection.is_refused
    assert "Mongolie" in inspection.unknown_words
    assert {passage.fate.value for passage in inspection.passages} == {"refused"}
    assert len(inspection.evidence) >= 5
    assert b"badge-danger" in response.content


def test_prompt_is_shown_and_no_model_is_called(editor: Client, llm: ScriptedLLM) -> None:
    response = editor.post(URL, posted(ANSWERED))
    (inspection,) = response.context["inspections"]
    assert [role for role, _content in inspection.prompt] == ["system", "user"]
    assert ANSWERED in inspection.prompt[-1][1]
    assert llm.requests == []


def test_passages_that_the_model_may_not_receive_are_withheld(
    library: Cast, editor: Client, llm: ScriptedLLM, settings: Any
) -> None:
    settings.LLM_SENSITIVITY = "internal"
    with tenant(library.instance):
        for document in Document.objects.all():
            classify(document, Sensitivity.RESTRICTED)
    (inspection,) = editor.post(URL, posted(ANSWERED)).context["inspections"]
    assert {passage.fate.value for passage in inspection.passages} == {"withheld"}
    assert inspection.prompt == []
    assert "vingt-cinq" in inspection.answer


def test_other_settings_are_tried_beside_the_present_ones(
    library: Cast, editor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    embedded: list[str] = []
    embed = AsyncEmbeddingClient.embed_query

    async def count(client: AsyncEmbeddingClient, text: str, **options: Any) -> EmbeddedQuery:
        embedded.append(text)
        return await embed(client, text, **options)

    monkeypatch.setattr(AsyncEmbeddingClient, "embed_query", count)
    changes = {"top_k": 1, "strictness": "strict", "instructions": "Vouvoyez."}
    response = editor.post(URL, posted(ANSWERED, **changes))
    present, tried = response.context["inspections"]
    given = [[p.fate.value for p in one.passages] for one in (present, tried)]
    assert (given[0].count("cut"), given[1].count("cut")) == (0, 2)
    assert embedded == [ANSWERED]
    library.instance.refresh_from_db()
    assert (library.instance.top_k, library.instance.instructions) == (6, "")


@pytest.mark.parametrize("top_k", ["0", "21", "many"])
def test_invalid_settings_are_not_tried(editor: Client, top_k: str) -> None:
    response = editor.post(URL, posted(ANSWERED, top_k=top_k))
    assert response.context["inspections"] == []
    assert response.context["form"].errors


def test_search_that_fails_is_said(
    library: Cast, client_for: Any, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("no_embeddings")
    response = client_for(library.editor).post(URL, posted(ANSWERED))
    assert response.status_code == 503
    assert b'role="alert"' in response.content


@pytest.mark.parametrize(
    ("whose", "rated", "status"),
    [("editor", False, 200), ("teammate", False, 404), ("teammate", True, 200)],
)
def test_editor_inspects_own_and_rated_answers(
    library: Cast, editor: Client, whose: str, rated: bool, status: int
) -> None:
    person, law = getattr(library, whose), library.instance
    conversation = ConversationFactory(instance=law, user=person)
    asked = MessageFactory(instance=law, conversation=conversation, content=ANSWERED)
    answer = MessageFactory(
        instance=law, conversation=conversation, parent=asked, role="assistant", content="25 [1]."
    )
    if rated:
        FeedbackFactory(instance=law, message=answer, user=person)
    response = editor.get(f"{URL}{answer.pk}/")
    assert response.status_code == status
    if status == 200:
        assert response.context["form"]["question"].value() == ANSWERED
        assert len(response.context["inspections"]) == 1


async def test_page_answers_in_an_event_loop(library: Cast, async_client_for: Any) -> None:
    client: AsyncClient = await sync_to_async(async_client_for)(library.editor)
    response = await client.post(URL, posted(ANSWERED))
    assert response.status_code == 200
