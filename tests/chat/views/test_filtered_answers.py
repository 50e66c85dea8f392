"""An answer from the documents that its question names, and from all of them on request."""

import json

import pytest

from chat.models import Message
from ingestion.models import Document
from instances.tenancy import in_tenant
from tests.chat.views.test_answers import ASK, events_of, login, post

pytestmark = pytest.mark.usefixtures("closed_connections")
QUESTION = "Selon les circulaires de 2023, combien de jours de congé ont les doctorants ?"


def _date(instance):
    documents = Document.objects.for_instance(instance)
    documents.filter(name="conges.txt").update(category="Circulaire", dated="2023-05-02")


async def test_filter_is_told_kept_and_removed_on_request(library, async_client_for):
    await in_tenant(library.instance, _date, library.instance)
    client = await login(async_client_for, library.teammate)
    asked = (await post(client, ASK, {"question": QUESTION, "model": "extractive"})).json()
    done = (await events_of(client, asked["events_url"]))[-1][1]
    assert done["filters"] == {
        "text": "Searched in 1 document only: circulaires, 2023.",
        "is_kept": True,
    }
    stored = await in_tenant(library.instance, Message.objects.get, pk=asked["answer_id"])
    assert stored.filters["documents"] == 1
    url = f"/i/law/m/{asked['answer_id']}/regenerate/"
    again = await client.post(
        url,
        json.dumps({"model": "extractive", "all_documents": True}),
        content_type="application/json",
    )
    done = (await events_of(client, again.json()["events_url"]))[-1][1]
    assert done["filters"] is None
