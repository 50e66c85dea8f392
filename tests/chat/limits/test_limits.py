"""One person against all the others: limits of questions and streams."""

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import httpx
import openai
import pytest

from chat.models import Conversation
from instances.models import Membership
from instances.tenancy import tenant
from tests.cast import Cast
from tests.chat.limits.browser import ABOUT_LASERS, ABOUT_LEAVE, HELD, Browser
from tests.factories import MembershipFactory
from tests.fixtures.waiting import wait_until
from tests.scripted_llm import ScriptedLLM, stream


def code_of(response: httpx.Response) -> str:
    return str(response.json()["error"]["code"]) if response.status_code != 201 else ""


def conversations(cast: Cast) -> int:
    with tenant(cast.instance):
        return Conversation.objects.for_instance(cast.instance).count()


def test_excess_questions_of_a_member_do_not_delay_another_instance(
    physics: Cast, held_llm: ScriptedLLM, browser_of: Callable[..., Browser], settings: Any
) -> None:
    attacker = browser_of(physics.teammate, physics.instance)
    refused = asyncio.run(attacker.ask_at_once(240))
    admitted = settings.ANSWERS_AT_ONCE_PER_PERSON
    assert Counter(map(code_of, refused)) == {"": admitted, "too_many_answers": 240 - admitted}
    assert conversations(physics) == admitted
    for response in refused:
        if response.status_code != 201:
            assert response.status_code == 429
            assert 1 <= int(response.headers["Retry-After"]) <= 60
            assert "then ask again" in response.json()["error"]["message"].lower()
    held_llm.wait_until(lambda: len(held_llm.requests) == admitted)
    held_llm.script(stream("Le responsable [1]."))
    other = browser_of(physics.stranger, physics.other_instance)
    events = other.answer(other.ask(ABOUT_LASERS))
    assert "responsable" in events
    # The others' answers are still held: this one passed them all.
    assert len(held_llm.requests) == admitted + 1
    assert not any(request.left_early for request in held_llm.requests)


def test_ended_answer_no_longer_counts_towards_limits(
    library: Cast, llm: ScriptedLLM, browser_of: Callable[..., Browser], settings: Any
) -> None:
    settings.ANSWERS_AT_ONCE_PER_PERSON = 1
    browser = browser_of(library.teammate, library.instance)
    llm.script(HELD)
    first = browser.ask()
    assert code_of(browser.ask()) == "too_many_answers"
    llm.release()
    browser.answer(first)
    wait_until(lambda: browser.ask().status_code == 201)


LIMITED = {
    "person, at once": ("ANSWERS_AT_ONCE_PER_PERSON", "too_many_answers", True),
    "person, a minute": ("QUESTIONS_PER_MINUTE_PER_PERSON", "too_many_questions", True),
    "instance, at once": ("ANSWERS_AT_ONCE_PER_INSTANCE", "too_many_answers", False),
    "instance, a minute": ("QUESTIONS_PER_MINUTE_PER_INSTANCE", "too_many_questions", False),
}


@pytest.mark.parametrize(("setting", "code", "of_person"), LIMITED.values(), ids=LIMITED)
def test_person_limit_is_per_person_and_instance_limit_is_shared(
    physics: Cast,
    held_llm: ScriptedLLM,
    browser_of: Callable[..., Browser],
    settings: Any,
    setting: str,
    code: str,
    of_person: bool,
) -> None:
    setattr(settings, setting, 2)
    browser = browser_of(physics.teammate, physics.instance)
    assert [code_of(browser.ask()) for _ in range(3)] == ["", "", code]
    colleague = browser_of(physics.editor, physics.instance)
    assert code_of(colleague.ask()) == ("" if of_person else code)
    other = browser_of(physics.stranger, physics.other_instance)
    assert code_of(other.ask()) == ""


def test_person_limit_covers_all_instances(
    physics: Cast, held_llm: ScriptedLLM, browser_of: Callable[..., Browser], settings: Any
) -> None:
    settings.ANSWERS_AT_ONCE_PER_PERSON = 1
    MembershipFactory(
        instance=physics.other_instance, user=physics.teammate, role=Membership.Role.MEMBER
    )
    assert code_of(browser_of(physics.teammate, physics.instance).ask()) == ""
    elsewhere = browser_of(physics.teammate, physics.other_instance)
    assert code_of(elsewhere.ask()) == "too_many_answers"


def complete(site: str, key: str) -> Any:
    client = openai.OpenAI(base_url=f"{site}/v1", api_key=key, max_retries=0)
    messages: Any = [{"role": "user", "content": ABOUT_LEAVE}]
    return client.chat.completions.create(model="scripted", messages=messages)


def test_key_over_its_limit_receives_retry_after(
    site: str, library: Cast, llm: ScriptedLLM, key_of: Callable[[Any], str], settings: Any
) -> None:
    settings.ANSWERS_AT_ONCE_PER_KEY = 1
    key = key_of(None)
    llm.script(HELD)
    first = threading.Thread(target=complete, args=(site, key))
    first.start()
    llm.wait_until(lambda: len(llm.requests) == 1)
    with pytest.raises(openai.RateLimitError) as refused:
        complete(site, key)
    assert refused.value.code == "too_many_answers"
    assert refused.value.type == "rate_limit_error"
    assert "API key" in refused.value.message
    assert int(refused.value.response.headers["Retry-After"]) >= 1
    # Another key of the instance is answered meanwhile, and this one once its answer has ended.
    assert complete(site, key_of(library.owner)).choices
    llm.release()
    first.join(timeout=60)
    assert complete(site, key).choices


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": ABOUT_LEAVE}]}),
        ("/api/v1/search", {"query": ABOUT_LEAVE}),
    ],
    ids=["completions", "search"],
)
def test_questions_of_a_key_count_towards_its_person(
    site: str,
    library: Cast,
    llm: ScriptedLLM,
    key_of: Callable[[Any], str],
    browser_of: Callable[..., Browser],
    settings: Any,
    path: str,
    body: Any,
) -> None:
    settings.QUESTIONS_PER_MINUTE_PER_PERSON = 2
    keys = [key_of(library.teammate) for _ in range(3)]
    answers = [
        httpx.post(site + path, json=body, headers={"Authorization": f"Bearer {key}"}, timeout=60)
        for key in keys
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1].json()["error"]["code"] == "too_many_questions"
    assert "Retry-After" in answers[-1].headers
    refused = browser_of(library.teammate, library.instance).ask()
    assert code_of(refused) == "too_many_questions"


STREAMS = {
    "documents": lambda browser, cast: f"/i/{cast.instance.slug}/documents/events/",
    "answer": lambda browser, cast: browser.ask().json()["events_url"],
}


@pytest.mark.parametrize("url_of", STREAMS.values(), ids=STREAMS)
@pytest.mark.parametrize("setting", ["STREAMS_PER_PERSON", "STREAMS_IN_ALL"])
def test_streams_are_limited_until_one_is_closed(
    library: Cast,
    held_llm: ScriptedLLM,
    browser_of: Callable[..., Browser],
    settings: Any,
    url_of: Callable[..., str],
    setting: str,
) -> None:
    setattr(settings, setting, 2)
    browser = browser_of(library.teammate, library.instance)
    url = url_of(browser, library)
    one, two, three = (browser.open_stream(url) for _ in range(3))
    assert [stream.status_code for stream in (one, two, three)] == [200, 200, 429]
    assert int(three.headers["Retry-After"]) >= 1
    colleague = browser_of(library.editor, library.instance)
    theirs = colleague.open_stream(url_of(colleague, library))
    assert theirs.status_code == (200 if setting == "STREAMS_PER_PERSON" else 429)
    theirs.close()
    one.close()

    def is_open_again() -> bool:
        again = browser.open_stream(url)
        again.close()
        return again.status_code == 200

    wait_until(is_open_again)
    two.close()
