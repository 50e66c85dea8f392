"""What connection tests ask models is recorded, apart from the usage of instances."""

import asyncio
from html import unescape
from typing import Any

import pytest
from django.urls import reverse

from tests.cast import Cast, make_cast
from tests.factories import UserFactory
from tests.inference.factories import BackendFactory, LanguageModelFactory
from tests.scripted_llm import MODEL, ScriptedLLM, json_reply, stream
from usage.models import ConnectionTest, UsageRecord

LIST = json_reply({"data": [{"id": MODEL}]})
REFUSED = json_reply({"error": "unsupported"}, 400)


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    return make_cast()


@pytest.fixture
def operator(cast: Cast, client_for: Any) -> Any:
    return client_for(UserFactory(is_staff=True))


@pytest.fixture
def dean(cast: Cast, client_for: Any) -> Any:
    cast.instance.organisation.administrators.create(user=cast.teammate)
    return client_for(cast.teammate)


def text_of(browser: Any, name: str, *arguments: Any) -> str:
    page = browser.get(reverse(f"administration:{name}", args=arguments))
    return " ".join(unescape(page.text).split())


def test_test_is_recorded_with_all_its_requests(operator: Any, scripted_llm: ScriptedLLM) -> None:
    model = LanguageModelFactory(
        backend__base_url=scripted_llm.base_url,
        server_id=MODEL,
        alias="small",
        prompt_price=1,
        completion_price=2,
    )
    scripted_llm.script(LIST, stream("One", " two"), REFUSED, stream('{"legs": 4}'), REFUSED)
    operator.post(reverse("administration:site_backend_test", args=[model.backend_id]))
    test = ConnectionTest.objects.get()
    assert (test.outcome, test.model, test.backend_id) == ("complete", "small", model.backend_id)
    assert (test.organisation, test.requests, test.method) == (None, 4, "modelled")
    assert test.prompt_tokens > 0
    assert test.completion_tokens > 0
    assert test.energy_min_wh < test.energy_wh < test.energy_max_wh
    assert test.cost > 0
    assert not UsageRecord.objects.exists()


def test_test_that_fails_is_recorded_and_one_that_asks_nothing_is_not(
    operator: Any, scripted_llm: ScriptedLLM
) -> None:
    backend = BackendFactory(base_url=scripted_llm.base_url)
    path = reverse("administration:site_backend_test", args=[backend.pk])
    scripted_llm.script(json_reply({"data": []}))
    operator.post(path)
    assert not ConnectionTest.objects.exists()
    # Nothing is known of a model without a row.
    scripted_llm.script(LIST, REFUSED)
    operator.post(path)
    test = ConnectionTest.objects.get()
    assert (test.outcome, test.model, test.requests) == ("failed", MODEL, 1)
    assert (test.method, test.energy_wh) == ("unknown", 0)


async def test_test_that_is_left_is_recorded(
    cast: Cast, scripted_llm: ScriptedLLM, async_client_for: Any
) -> None:
    backend = await BackendFactory._meta.model.objects.acreate(
        name="GPU", kind="openai", base_url=scripted_llm.base_url
    )
    operator = await asyncio.to_thread(lambda: UserFactory(is_staff=True))
    client = await asyncio.to_thread(async_client_for, operator)
    scripted_llm.script(LIST, stream("One", " two", " three", pause_s=3))
    path = reverse("administration:site_backend_test", args=[backend.pk])
    test = asyncio.create_task(client.post(path))
    async with asyncio.timeout(30):
        while len(scripted_llm.requests) < 2:
            await asyncio.sleep(0.01)
    test.cancel()
    with pytest.raises(asyncio.CancelledError):
        await test
    assert (await ConnectionTest.objects.aget()).outcome == "stopped"


def test_tests_are_shown_to_those_who_run_them(
    cast: Cast, operator: Any, dean: Any, client_for: Any
) -> None:
    organisation = cast.instance.organisation
    other = cast.other_instance.organisation
    for owner, model in ((None, "of-site"), (organisation, "of-ours"), (other, "of-others")):
        ConnectionTest.objects.create(
            **{"organisation": owner, "model": model, "outcome": "complete", "method": "modelled"},
            **{"requests": 4, "prompt_tokens": 1000, "completion_tokens": 234, "total_ms": 9},
            **{"energy_wh": 0.5, "energy_min_wh": 0.4, "energy_max_wh": 0.6, "method_version": "v"},
            **{"tokens_estimated": False, "gco2e_usage": 0.1, "gco2e_embodied": 0.1},
        )
    of_site = text_of(operator, "site_usage")
    assert all(name in of_site for name in ("of-site", "of-ours", "of-others", "1,234"))
    ours = text_of(dean, "organisation_usage", organisation.slug)
    assert "of-ours" in ours
    assert "of-site" not in ours
    assert "of-others" not in ours
    path = reverse("administration:organisation_usage", args=[organisation.slug])
    assert client_for(cast.stranger).get(path).status_code == 404
