"""What Prometheus reads: backends, documents, sources, limits; no name of a tenant."""

import json
import re
from datetime import timedelta
from ipaddress import ip_network

import pytest
from asgiref.sync import sync_to_async
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from inference import health
from inference.errors import ModelNotFound
from inference.offered_models import Access, connection_to
from ingestion.models import Document
from instances.tenancy import tenant
from ragapp.health.gauges import _KEY
from sources.models import Source
from tests.factories import DocumentFactory
from tests.inference.factories import LanguageModelFactory
from tests.scripted_llm import DONE, Reply, chunk, json_reply, stream, usage_chunk
from tests.sources.factories import SourceFactory, SourceRunFactory
from tests.usage.factories import QuotaFactory

LEAVE = "Combien de jours de congé ont les doctorants ?"
LINE = re.compile(r"^(\w+)(?:\{(.*)\})? (\S+)$")


def scrape():
    """The samples, by name and labels."""
    cache.delete(_KEY)
    response = Client().get("/metrics")
    assert response.status_code == 200
    samples = {}
    for line in response.text.splitlines():
        if not line.startswith("#"):
            name, labels, value = LINE.match(line).groups()
            samples[name, labels or ""] = float(value)
    return samples


def grown(before, after, name, labels):
    return after.get((name, labels), 0.0) - before.get((name, labels), 0.0)


@pytest.fixture
def ask(library, async_client_for):
    async def ask(model, text=LEAVE):
        client = await sync_to_async(async_client_for)(library.teammate)
        body = json.dumps({"question": text, "model": model})
        asked = await client.post("/i/law/ask/", body, content_type="application/json")
        followed = await client.get(asked.json()["events_url"])
        return [piece async for piece in followed.streaming_content]

    return ask


@pytest.mark.usefixtures("closed_connections")
async def test_requests_to_backends_are_counted_by_outcome(library, scripted_llm, ask, settings):
    settings.LLM_BASE_URL = ""
    settings.ORGANISATION_BACKEND_NETWORKS = [ip_network("127.0.0.0/8")]
    own, of_site = await sync_to_async(_two_models)(library, scripted_llm)
    before = await sync_to_async(scrape)()
    usage = usage_chunk(prompt_tokens_details={"cached_tokens": 4})
    pieces = [0.01, chunk("Vingt-cinq"), 0.01, chunk(" jours [1].")]
    scripted_llm.script(Reply([*pieces, chunk(finish_reason="stop"), usage, DONE]))
    await ask("shared")
    scripted_llm.script(json_reply({"error": "Unauthorized"}, 401))
    # Not the same question: its answer would be given again.
    await ask("shared", "Combien de jours de congé ont les enseignants ?")
    scripted_llm.script(stream("Vingt-cinq jours [1]."))
    await ask("of-the-law-faculty")
    after = await sync_to_async(scrape)()

    site, theirs = f'backend="{of_site.backend_id}"', f'backend="{own.backend_id}"'
    named = f'{site},model="shared"'
    for outcome, number in (("complete", 1), ("authentication_failed", 1)):
        labels = f'{named},outcome="{outcome}"'
        assert grown(before, after, "ragapp_backend_requests_total", labels) == number
    anonymous = f'{theirs},model="own",outcome="complete"'
    assert grown(before, after, "ragapp_backend_requests_total", anonymous) == 1
    for kind, number in (("input", 11), ("cached", 4), ("output", 7)):
        labels = f'{site},kind="{kind}",model="shared"'
        assert grown(before, after, "ragapp_backend_tokens_total", labels) == number
    for histogram in ("first_token_seconds", "answer_seconds", "output_tokens_per_second"):
        name = f"ragapp_backend_{histogram}_count"
        assert grown(before, after, name, named) == 1
    assert grown(before, after, "ragapp_backend_queue_wait_seconds_count", site) == 2

    assert after["ragapp_backend_info", f'{site},kind="openai",name="Shared GPU"'] == 1
    assert after["ragapp_backend_slots", site] == 64
    assert after["ragapp_backend_slots_in_use", site] == 0
    assert after["ragapp_backend_queue_length", site] == 0
    assert after["ragapp_backend_consecutive_failures", named] == 1
    # Also of answers, whoever wrote them.
    answers = 'model="own",status="complete"'
    assert grown(before, after, "ragapp_answers_total", answers) == 1
    assert "law" not in str([labels for _name, labels in after]).lower()


def _two_models(library, scripted_llm):
    own = LanguageModelFactory(
        alias="of-the-law-faculty",
        backend__name="GPU of the law faculty",
        backend__owner=library.instance.organisation,
        backend__base_url=scripted_llm.base_url.replace("127.0.0.1", "localhost"),
    )
    of_site = LanguageModelFactory(
        alias="shared", backend__name="Shared GPU", backend__base_url=scripted_llm.base_url
    )
    return own, of_site


def test_circuit_breakers_and_retired_ids_are_shown(db):
    model = LanguageModelFactory(alias="m")
    labels = f'backend="{model.backend_id}",model="m"'
    quiet = scrape()
    for name in ("circuit_open", "consecutive_failures", "model_retired"):
        assert quiet[f"ragapp_backend_{name}", labels] == 0
    health.failed(connection_to(model.backend, model.server_id, Access()), ModelNotFound("gone"))
    after = scrape()
    for name in ("circuit_open", "consecutive_failures", "model_retired"):
        assert after[f"ragapp_backend_{name}", labels] == 1


def test_metrics_are_given_without_the_cache(db, settings):
    model = LanguageModelFactory(alias="m")
    away = "unix:///nowhere/valkey.sock?db=1"
    settings.CACHES = {
        "default": {"BACKEND": "web.valkey.cache.FailOpenRedisCache", "LOCATION": away}
    }
    samples = scrape()
    assert samples["ragapp_backend_circuit_open", f'backend="{model.backend_id}",model="m"'] == 0
    assert ("ragapp_backend_queue_length", f'backend="{model.backend_id}"') not in samples
    assert samples["ragapp_sessions", ""] == 0


def test_queue_of_documents_sources_and_sessions_are_counted(cast, client_for):
    old = DocumentFactory(instance=cast.instance, status="queued")
    hour = timezone.now() - timedelta(hours=1)
    with tenant(cast.instance):
        Document.objects.filter(pk=old.pk).update(queued_at=hour)
    source = SourceFactory(instance=cast.instance, failures=3)
    for status, ended in (("failed", 2), ("failed", 50), ("done", 1)):
        SourceRunFactory(
            instance=cast.instance,
            source=source,
            status=status,
            finished_at=timezone.now() - timedelta(hours=ended),
        )
    client_for(cast.owner)
    samples = scrape()
    assert samples["ragapp_documents", 'status="queued"'] == 1
    age_s = samples["ragapp_ingestion_oldest_seconds", 'status="queued"']
    assert age_s == pytest.approx(3600, rel=0.1)
    assert samples["ragapp_ingestion_oldest_seconds", 'status="parsing"'] == 0
    assert samples["ragapp_source_runs", 'status="failed"'] == 1
    assert samples["ragapp_source_runs", 'status="done"'] == 1
    assert samples["ragapp_sources_failing", ""] == 1
    assert samples["ragapp_sessions", ""] >= 1
    for queue in ("parse", "embed", "default", "sources", "slurm"):
        assert ("ragapp_queue_length", f'queue="{queue}"') in samples
    with tenant(cast.instance):
        assert Source.objects.count() == 1


@pytest.mark.usefixtures("closed_connections")
async def test_refusals_are_counted_by_reason(library, ask, async_client_for):
    await sync_to_async(QuotaFactory)(instance=library.instance, per="instance", amount=1)
    before = await sync_to_async(scrape)()
    assert await ask("extractive") is not None
    client = await sync_to_async(async_client_for)(library.teammate)
    body = json.dumps({"question": LEAVE, "model": "extractive"})
    refused = await client.post("/i/law/ask/", body, content_type="application/json")
    assert refused.status_code == 429
    after = await sync_to_async(scrape)()
    labels = 'reason="quota_reached"'
    assert grown(before, after, "ragapp_requests_refused_total", labels) == 1
