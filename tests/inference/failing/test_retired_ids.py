"""Ids that a backend no longer serves: on the consoles, in the log, and by mail, once."""

from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.urls import reverse

from inference import health
from inference.errors import BackendTimeout, ModelNotFound
from inference.failing import retired_ids, tasks
from inference.models import LanguageModel
from inference.offered_models import Access, connection_of_environment, connection_to
from tests.cast import Cast
from tests.factories import UserFactory
from tests.inference.factories import LanguageModelFactory

Told = list[tuple[Any, ...]]

pytestmark = pytest.mark.skipif(
    not hasattr(cache, "client"), reason="CACHE_URL is not set: no Valkey"
)


def fail(model: LanguageModel, error: Exception) -> None:
    connection = connection_to(model.backend, model.server_id, Access())
    health.failed(connection, error)


@pytest.fixture
def told(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Told:
    """The mails that were enqueued: task, model, person."""
    settings.EMAIL_HOST = "mail.example.org"
    settings.SITE_URL = "https://rag.example.org"
    settings.LLM_BASE_URL = ""
    enqueued: Told = []
    monkeypatch.setattr(
        "inference.failing.retired_ids.enqueue_on_commit", lambda *what: enqueued.append(what)
    )
    return enqueued


def test_operators_are_told_once_of_an_id_that_is_no_longer_served(
    cast: Cast, told: Told, caplog: pytest.LogCaptureFixture
) -> None:
    operator = UserFactory(is_staff=True, email="op@example.org")
    retired = LanguageModelFactory(alias="mistral", label="Mistral", backend__name="GPU")
    LanguageModelFactory(alias="mistral", backend__base_url="http://127.0.0.1:8/v1")
    busy = LanguageModelFactory(label="Busy")
    fail(retired, ModelNotFound("gone"))
    fail(busy, BackendTimeout("slow"))
    tasks.tell_of_retired_ids()
    tasks.tell_of_retired_ids()
    assert told == [(retired_ids.SEND, retired.pk, operator.pk)]
    assert caplog.text.count(f"the backend GPU no longer serves {retired.server_id}") == 1
    tasks.send_retired_id_notice(retired.pk, operator.pk)
    (message,) = mail.outbox
    assert "Mistral" in message.subject
    path = reverse("administration:site_backend", args=[retired.backend_id])
    for said in (retired.server_id, "GPU", "another backend", f"https://rag.example.org{path}"):
        assert said in message.body

    # It answers again, or is gone, before the mail is sent.
    health.succeeded(connection_to(retired.backend, retired.server_id, Access()))
    tasks.send_retired_id_notice(retired.pk, operator.pk)
    retired.delete()
    tasks.send_retired_id_notice(retired.pk, operator.pk)
    assert len(mail.outbox) == 1


def test_administrators_are_told_of_the_backends_of_their_organisation(
    cast: Cast, told: Told, client_for: Any
) -> None:
    organisation = cast.instance.organisation
    organisation.administrators.create(user=cast.teammate)
    operator = UserFactory(is_staff=True)
    mine = LanguageModelFactory(backend__owner=organisation, label="Ours")
    fail(mine, ModelNotFound("gone"))
    cast.teammate.email = "dean@example.org"
    cast.teammate.save()
    tasks.tell_of_retired_ids()
    assert told == [(retired_ids.SEND, mine.pk, cast.teammate.pk)]
    tasks.send_retired_id_notice(mine.pk, cast.teammate.pk)
    (message,) = mail.outbox
    assert "gives no answer" in message.body
    where = reverse(
        "administration:organisation_backend", args=[organisation.slug, mine.backend_id]
    )
    assert where in message.body
    console = reverse("administration:organisation", args=[organisation.slug])
    page = client_for(cast.teammate).get(console).text
    assert "is no longer served" in page
    assert where in page
    # Operators see those of the site only.
    assert "Ours" not in client_for(operator).get(reverse("administration:organisations")).text


def test_model_of_the_settings_is_told_too(
    cast: Cast, told: Told, llm: Any, client_for: Any, settings: Any
) -> None:
    settings.LLM_BASE_URL = llm.base_url
    operator = UserFactory(is_staff=True, email="op@example.org")
    console = reverse("administration:organisations")
    assert "no longer served" not in client_for(operator).get(console).text
    connection = connection_of_environment()
    assert connection is not None
    health.failed(connection, ModelNotFound("gone"))
    tasks.tell_of_retired_ids()
    assert told == [(retired_ids.SEND, 0, operator.pk)]
    tasks.send_retired_id_notice(0, operator.pk)
    assert "LLM_MODEL" in mail.outbox[0].body
    assert "no longer served" in client_for(operator).get(console).text


@pytest.mark.parametrize("switched_off", ["model", "backend"])
def test_disabled_models_are_not_told(told: Told, db: None, switched_off: str) -> None:
    model = LanguageModelFactory()
    fail(model, ModelNotFound("gone"))
    row = model if switched_off == "model" else model.backend
    row.is_enabled = False
    row.save()
    tasks.tell_of_retired_ids()
    assert told == []
