"""The list of sources, and the forms that add and change one."""

from typing import Any

import pytest
from django.test import Client

from instances.models import AuditEntry
from instances.tenancy import overseeing, tenant
from people.models import User
from sources.editing import MAX_SOURCES
from sources.models import Source, SourceRun
from tests.cast import Cast
from tests.sources.factories import SourceFactory, SourceRunFactory

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_broker")]
URL = "/i/law/sources/"


def form(**fields: Any) -> dict[str, Any]:
    given = {
        "source-name": "The laboratory",
        "source-folder": "/Sites/../lab/",
        "source-schedule": "daily",
        "source-grace_days": "7",
        "kind-url": "https://93.184.215.14/lab/",
        "kind-scope": "site",
        "kind-max_depth": "3",
        "kind-max_pages": "50",
    }
    return given | fields


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def sources(cast: Cast) -> list[Source]:
    with tenant(cast.instance):
        return list(Source.objects.for_instance(cast.instance))


@pytest.mark.parametrize("path", ["", "add/web/"])
@pytest.mark.parametrize(("who", "status"), [("teammate", 403), ("stranger", 404)])
def test_pages_are_for_editors(cast: Cast, path: str, who: str, status: int) -> None:
    client = client_of(getattr(cast, who))
    assert client.get(URL + path).status_code == status
    assert client.post(URL + path, form()).status_code in (status, 405)
    assert sources(cast) == []


@pytest.mark.parametrize("who", ["owner", "editor"])
def test_editor_adds_a_source_whose_first_run_waits(cast: Cast, who: str) -> None:
    client = client_of(getattr(cast, who))
    response = client.post(f"{URL}add/web/", form())
    (source,) = sources(cast)
    assert response["Location"] == f"{URL}{source.pk}/"
    assert (source.name, source.folder, source.kind) == ("The laboratory", "Sites/lab", "web")
    assert source.created_by == getattr(cast, who)
    assert source.next_run_at is not None
    with tenant(cast.instance):
        assert SourceRun.objects.get(source=source).status == SourceRun.Status.QUEUED
    with overseeing():
        entry = AuditEntry.objects.get(action="source.added")
    assert (entry.target, entry.actor_id) == ("The laboratory", getattr(cast, who).pk)
    page = client.get(URL).content.decode()
    assert "The laboratory" in page


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"kind-url": "http://127.0.0.1:8000/"}, "may not reach this address"),
        ({"kind-url": "http://169.254.169.254/"}, "may not reach this address"),
        ({"kind-url": "file:///etc/passwd"}, "may not reach this address"),
        ({"kind-url": ""}, "This field is required"),
        ({"kind-max_pages": "6000"}, "5000 items at most"),
        ({"source-grace_days": "400"}, "365"),
        ({"source-schedule": "yearly"}, "yearly"),
        ({"source-name": "x" * 201}, "200"),
    ],
)
def test_wrong_input_ends_in_a_sentence(cast: Cast, fields: dict[str, str], sentence: str) -> None:
    client = client_of(cast.editor)
    client.cookies["django_language"] = "en"
    response = client.post(f"{URL}add/web/", form(**fields))
    assert response.status_code == 200
    assert sentence in response.content.decode()
    assert sources(cast) == []


def test_unknown_kind_is_not_found(cast: Cast) -> None:
    assert client_of(cast.editor).get(f"{URL}add/other/").status_code == 404


def test_number_of_sources_is_limited(cast: Cast) -> None:
    for _number in range(MAX_SOURCES):
        SourceFactory(instance=cast.instance)
    client_of(cast.editor).post(f"{URL}add/web/", form())
    assert len(sources(cast)) == MAX_SOURCES


def test_change_is_saved_and_audited(cast: Cast) -> None:
    source = SourceFactory(instance=cast.instance, name="Old", schedule="never")
    response = client_of(cast.editor).post(f"{URL}{source.pk}/edit/", form())
    assert response.status_code == 302
    (changed,) = sources(cast)
    assert (changed.name, changed.options["max_pages"]) == ("The laboratory", 50)
    assert changed.next_run_at is not None
    with overseeing():
        entry = AuditEntry.objects.get(action="source.changed")
    assert entry.detail["name"] == ["Old", "The laboratory"]
    assert entry.detail["schedule"] == ["never", "daily"]


def test_list_tells_state_and_reason(cast: Cast) -> None:
    source = SourceFactory(instance=cast.instance)
    SourceRunFactory(
        instance=cast.instance, source=source, status="failed", error_code="access_denied"
    )
    client = client_of(cast.editor)
    client.cookies["django_language"] = "en"
    page = client.get(URL).content.decode()
    assert "The server refuses access." in page


def test_source_of_another_instance_is_not_found(cast: Cast) -> None:
    source = SourceFactory(instance=cast.other_instance)
    client = client_of(cast.editor)
    for path in ("", "edit/", "delete/", "progress/"):
        assert client.get(f"{URL}{source.pk}/{path}").status_code == 404
    for path in ("run/", "pause/", "resume/", "delete/", "edit/"):
        assert client.post(f"{URL}{source.pk}/{path}").status_code == 404
