"""A folder that is being added: put first or cancelled as a whole, by whoever adds it."""

import pytest

from ingestion.models import Document
from instances.tenancy import tenant
from tests.factories import DocumentFactory
from tests.ingestion.views.changing import CAST, documents

URL = "/i/law/documents/folder/"
Status = Document.Status


@pytest.fixture
def dropped(cast):
    """Documents of the editor in a folder, one ready, and others beside them."""

    def make(folder, status, user):
        return DocumentFactory(
            instance=cast.instance, folder=folder, status=status, uploaded_by=user
        )

    return {
        "queued": make("Droit", Status.QUEUED, cast.editor),
        "below": make("Droit/2026", Status.EMBEDDING, cast.editor),
        "ready": make("Droit", Status.READY, cast.editor),
        "beside": make("Droits", Status.QUEUED, cast.editor),
        "owners": make("Droit", Status.QUEUED, cast.owner),
    }


def states(cast, dropped):
    rows = {document.pk: document for document in documents(cast.instance)}
    return {name: rows[document.pk] for name, document in dropped.items()}


@pytest.mark.parametrize(("person", "outcome"), CAST)
def test_only_editor_can_act_on_a_folder(cast, client_for, person, outcome):
    response = client_for(getattr(cast, person)).post(URL, {"folder": "A", "action": "first"})
    assert response.status_code == (302 if outcome is True else outcome)


def test_own_waiting_files_of_a_folder_are_put_first(cast, client_for, dropped):
    client_for(cast.editor).post(URL, {"folder": "Droit", "action": "first"})
    assert {name: row.priority for name, row in states(cast, dropped).items()} == {
        "queued": 1,
        "below": 1,
        "ready": 0,
        "beside": 0,
        "owners": 0,
    }


def test_own_unfinished_files_of_a_folder_are_cancelled(cast, client_for, dropped):
    response = client_for(cast.editor).post(
        URL, {"folder": "Droit", "action": "cancel"}, headers={"Accept": "application/json"}
    )
    assert response.json() == {"message": "2 documents cancelled."}
    after = states(cast, dropped)
    assert {name: row.status for name, row in after.items()} == {
        "queued": Status.FAILED,
        "below": Status.FAILED,
        "ready": Status.READY,
        "beside": Status.QUEUED,
        "owners": Status.QUEUED,
    }
    assert (after["queued"].error_code, after["queued"].attempt) == ("cancelled", 2)


@pytest.mark.parametrize("data", [{}, {"folder": "Droit"}, {"folder": "Droit", "action": "x"}])
def test_incomplete_form_is_refused(cast, client_for, data):
    response = client_for(cast.editor).post(URL, data)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "invalid")


def test_selected_documents_are_put_first(cast, client_for, dropped):
    data = {"action": "first", "document": [str(dropped["beside"].pk)]}
    client_for(cast.editor).post("/i/law/documents/bulk/", data)
    with tenant(cast.instance):
        first = Document.objects.for_instance(cast.instance).filter(priority=1)
        assert [document.pk for document in first] == [dropped["beside"].pk]
