"""Quotas in the chat and in the API, over HTTP."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any

import httpx
import openai
import pytest
from django.test import Client

from chat.models import Conversation
from instances.access.api_keys import create_api_key
from instances.tenancy import tenant
from people.models import User
from tests.cast import Cast
from tests.fixtures.waiting import wait_until
from tests.scripted_llm import Act, Reply, ScriptedLLM, chunk, stream
from tests.usage.factories import QuotaFactory
from usage.models import QuotaCharge, QuotaCounter
from usage.quotas import charging

LEAVE = "Combien de jours de congé ont les doctorants ?"
TOKEN = "c" * 32
MESSAGES: Any = [{"role": "user", "content": LEAVE}]


@pytest.fixture
def key(library: Cast) -> str:
    return create_api_key(
        instance=library.instance, name="test", scope="chat", created_by=library.owner
    )[1]


def test_api_counts_down_and_refuses_with_the_usual_headers(
    site: str, library: Cast, llm: ScriptedLLM, key: str
) -> None:
    QuotaFactory(organisation=library.instance.organisation, per="key", amount=3, period="month")
    QuotaFactory(instance=library.instance, per="instance", measure="tokens", amount=20_000)
    client = openai.OpenAI(base_url=f"{site}/v1", api_key=key, max_retries=0)
    completions = client.chat.completions.with_raw_response
    whole = completions.create(model="scripted", messages=MESSAGES)
    assert whole.headers["x-ratelimit-limit-requests"] == "3"
    assert whole.headers["x-ratelimit-remaining-requests"] == "2"
    assert 0 < int(whole.headers["x-ratelimit-remaining-tokens"]) < 20_000
    with tenant(library.instance):
        tokens = QuotaCounter.objects.get(quota__measure="tokens")
    spent = whole.parse().usage
    assert spent is not None
    assert (tokens.used, tokens.reserved) == (spent.total_tokens, 0)
    streamed = completions.create(model="scripted", messages=MESSAGES, stream=True)
    assert streamed.headers["x-ratelimit-remaining-requests"] == "1"
    list(streamed.parse())
    headers = {"Authorization": f"Bearer {key}"}
    searched = httpx.post(f"{site}/api/v1/search", json={"query": LEAVE}, headers=headers)
    assert searched.headers["x-ratelimit-remaining-requests"] == "0"
    with pytest.raises(openai.RateLimitError) as refused:
        client.chat.completions.create(model="scripted", messages=MESSAGES)
    assert refused.value.code == "quota_reached"
    response = refused.value.response
    assert response.headers["x-ratelimit-remaining-requests"] == "0"
    assert int(response.headers["Retry-After"]) <= 31 * 86_400
    assert response.headers["x-ratelimit-reset-requests"] == response.headers["Retry-After"] + "s"


@pytest.mark.parametrize("is_from_browser", [False, True], ids=["api", "browser"])
def test_quotas_stay_reserved_while_an_answer_is_written(
    site: str,
    library: Cast,
    llm: ScriptedLLM,
    key: str,
    browser_of: Callable[..., httpx.Client],
    monkeypatch: pytest.MonkeyPatch,
    is_from_browser: bool,
) -> None:
    monkeypatch.setattr(charging, "RENEWED_EVERY_MS", 1.0)
    QuotaFactory(instance=library.instance, per="instance", measure="tokens", amount=20_000)
    llm.script(Reply([chunk("Vingt-cinq "), Act.HOLD, *stream("jours [1].").parts]))

    def expiry() -> datetime:
        with tenant(library.instance):
            return QuotaCharge.objects.get(reserved__gt=0).expires_at

    with ThreadPoolExecutor(1) as thread:
        if is_from_browser:
            browser = browser_of(library.owner)
            asked = {"question": LEAVE, "model": "scripted"}
            answered = thread.submit(browser.post, "/i/law/ask/", json=asked)
        else:
            client = openai.OpenAI(base_url=f"{site}/v1", api_key=key, max_retries=0)
            create = client.chat.completions.create
            answered = thread.submit(create, model="scripted", messages=MESSAGES)
        llm.wait_until(lambda: bool(llm.requests))
        first = expiry()
        wait_until(lambda: expiry() > first, "a renewal")
        llm.release()
        answered.result()


@pytest.fixture
def browser_of(site: str, client_for: Callable[[Any], Client]) -> Callable[..., httpx.Client]:
    """``browser_of(person, language)``: that person, logged in at the site."""

    def login(person: User, language: str = "en") -> httpx.Client:
        session = client_for(person).cookies["sessionid"].value
        cookies = {"sessionid": session, "csrftoken": TOKEN, "django_language": language}
        headers = {"X-CSRFToken": TOKEN, "Origin": site}
        return httpx.Client(base_url=site, cookies=cookies, headers=headers, timeout=60)

    return login


def ask(browser: httpx.Client) -> httpx.Response:
    """Ask, and follow the answer to its end, when its cost is known."""
    asked = browser.post("/i/law/ask/", json={"question": LEAVE, "model": "extractive"})
    if asked.status_code == 201:
        assert "event: done" in browser.get(asked.json()["events_url"]).text
    return asked


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("en", "You have used up your quota of 1 request a day."),
        ("fr", "Vous avez épuisé votre quota de 1 requête par jour."),
    ],
)
def test_refused_question_is_not_stored_and_says_when_and_whom_to_ask(
    library: Cast, browser_of: Callable[..., httpx.Client], language: str, sentence: str
) -> None:
    QuotaFactory(instance=library.instance, per="member", amount=1)
    browser = browser_of(library.teammate, language)
    assert ask(browser).status_code == 201
    refused = ask(browser)
    assert refused.status_code == 429
    error = refused.json()["error"]
    assert error["code"] == "quota_reached"
    assert sentence in error["message"]
    assert library.owner.display_name in error["message"]
    assert error["resets"] in error["message"]
    with tenant(library.instance):
        assert Conversation.objects.for_instance(library.instance).count() == 1
    # Also without scripts, above the composer, and on the page of one's usage.
    form = {"question": LEAVE, "csrfmiddlewaretoken": TOKEN}
    for page in (
        browser.post("/i/law/ask/", data=form),
        browser.get("/i/law/"),
        browser.get("/i/law/quotas/"),
        browser.get("/i/law/usage/"),
    ):
        assert sentence in page.text, page.url
    # Others have quotas of their own.
    assert sentence not in browser_of(library.editor, language).get("/i/law/").text


def test_warning_appears_before_the_quota_is_used_up(
    library: Cast, browser_of: Callable[..., httpx.Client]
) -> None:
    QuotaFactory(instance=library.instance, amount=4, warning_percent=50)
    browser = browser_of(library.teammate)
    shown = []
    for _ in range(3):
        page = browser.get("/i/law/quotas/").text
        shown.append(("<meter" in page, "notice-warning" in page))
        ask(browser)
    assert shown == [(True, False), (True, False), (False, True)]
