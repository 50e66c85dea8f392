"""One person against all the others: limits of questions and streams, and turns at the model."""

import asyncio
import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import openai
import pytest
from django.core.cache import cache

from chat.models import Conversation
from instances.access.api_keys import create_api_key
from instances.models import Membership
from instances.tenancy import tenant
from people.models import User
from tests.cast import Cast
from tests.factories import MembershipFactory
from tests.fixtures.corpus import add_document
from tests.fixtures.waiting import wait_until
from tests.scripted_llm import Act, Reply, ScriptedLLM, chunk, stream
from usage.models import UsageRecord

ABOUT_LEAVE = "Combien de jours de congé ont les doctorants ?"
ABOUT_LASERS = "Qui autorise l'usage du laser ?"
CSRF_TOKEN = "c" * 32
HELD = Reply([chunk("Un "), Act.HOLD, chunk("instant."), b"data: [DONE]\n\n"])


class Browser:
    """A logged-in person at a site."""

    def __init__(self, site: str, slug: str, session: str) -> None:
        self._at = f"{site}/i/{slug}"
        self._site = site
        self.headers = {
            "Cookie": f"sessionid={session}; csrftoken={CSRF_TOKEN}",
            "X-CSRFToken": CSRF_TOKEN,
            "Origin": site,
        }

    def ask(self, question: str = ABOUT_LEAVE) -> httpx.Response:
        return asyncio.run(self.ask_at_once(1, question))[0]

    async def ask_at_once(
        self, n_questions: int, question: str = ABOUT_LEAVE
    ) -> list[httpx.Response]:
        limits = httpx.Limits(max_connections=n_questions)
        async with httpx.AsyncClient(headers=self.headers, limits=limits, timeout=120) as client:
            posts = (
                client.post(f"{self._at}/ask/", json={"question": question})
                for _ in range(n_questions)
            )
            return await asyncio.gather(*posts)

    def post(self, path: str) -> httpx.Response:
        return httpx.post(f"{self._at}/{path}", headers=self.headers, timeout=60)

    def answer(self, asked: httpx.Response) -> str:
        """Follow an answer to its end and return what the server sent."""
        assert asked.status_code == 201, asked.text
        url = self._site + asked.json()["events_url"]
        return httpx.get(url, headers=self.headers, timeout=60).text

    def open_stream(self, url: str) -> httpx.Response:
        """Open a stream of events and leave it open."""
        client = httpx.Client(headers=self.headers, timeout=60)
        return client.send(client.build_request("GET", self._site + url), stream=True)


@pytest.fixture(autouse=True)
def timeouts(llm: ScriptedLLM, settings: Any) -> None:
    """An answer that is held is no answer that is late."""
    settings.LLM_READ_TIMEOUT_S = settings.LLM_FIRST_BYTE_TIMEOUT_S = 600.0


@pytest.fixture
def physics(library: Cast) -> Cast:
    """The library's cast, whose other instance knows something as well."""
    text = (
        "Laser\n\nL'usage du laser est autorisé par le responsable de la sécurité du laboratoire."
    )
    add_document(library.other_instance, library.stranger, "laser.txt", text)
    return library


@pytest.fixture
def browser_of(site: str, client_for: Callable[[Any], Any]) -> Callable[[Any, Any], Browser]:
    """``browser_of(user, instance)``: that person, logged in."""

    def login(user: User, instance: Any) -> Browser:
        return Browser(site, instance.slug, client_for(user).cookies["sessionid"].value)

    return login


@pytest.fixture
def held_llm(llm: ScriptedLLM) -> Iterator[ScriptedLLM]:
    """A model whose answers begin and do not end before the test does."""
    llm._answerer = lambda _request: HELD
    yield llm
    llm.release()


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


def test_question_of_another_instance_is_next_in_turn(
    physics: Cast, held_llm: ScriptedLLM, browser_of: Callable[..., Browser], settings: Any
) -> None:
    settings.LLM_MAX_CONCURRENCY = 2
    settings.ANSWERS_AT_ONCE_PER_PERSON = settings.ANSWERS_AT_ONCE_PER_INSTANCE = 100
    attacker = browser_of(physics.teammate, physics.instance)
    asyncio.run(attacker.ask_at_once(30))
    wait_until(lambda: waiting_at_the_model() == 28)
    other = browser_of(physics.stranger, physics.other_instance)
    asked = other.ask(ABOUT_LASERS)
    wait_until(lambda: waiting_at_the_model() == 29)
    held_llm.release()
    other.answer(asked)
    questions = [request.last_message for request in held_llm.requests]
    places = [number for number, text in enumerate(questions) if ABOUT_LASERS in text]
    # Two were under way; the first place that was free went to the other instance.
    assert places == [2]


def waiting_at_the_model() -> int:
    server = cache.client()
    return sum(map(server.zcard, server.keys("ragapp:queue:*:waiting")))


@pytest.fixture
def busy_model(
    physics: Cast, held_llm: ScriptedLLM, browser_of: Callable[..., Browser], settings: Any
) -> ScriptedLLM:
    """A model whose only slot answers a question of another instance, until it is released."""
    settings.LLM_MAX_CONCURRENCY = 1
    browser_of(physics.stranger, physics.other_instance).ask(ABOUT_LASERS)
    held_llm.wait_until(lambda: len(held_llm.requests) == 1)
    return held_llm


def events_of(stream: httpx.Response) -> Iterator[tuple[str, Any]]:
    """The name and the data of each event that a browser receives."""
    name = ""
    for line in stream.iter_lines():
        key, _colon, value = line.partition(": ")
        if key == "event":
            name = value
        elif key == "data":
            yield name, json.loads(value)


def test_reader_sees_the_place_in_the_queue_and_leaves_it(
    physics: Cast, busy_model: ScriptedLLM, browser_of: Callable[..., Browser]
) -> None:
    reader, colleague = (
        browser_of(person, physics.instance) for person in (physics.teammate, physics.editor)
    )
    asked = reader.ask().json()
    wait_until(lambda: waiting_at_the_model() == 1)
    others = colleague.ask().json()
    events = events_of(reader.open_stream(asked["events_url"]))
    place = next(data for name, data in events if name == "queued")
    assert place == {
        "place": 1,
        "text": "The model is busy. Your question is number 1 in the queue.",
    }
    wait_until(lambda: waiting_at_the_model() == 2)
    assert reader.post(f"m/{asked['answer_id']}/stop/").status_code == 204
    ended = next(data for name, data in events if name == "done")
    assert (ended["status"], ended["content"]) == ("stopped", "")
    wait_until(lambda: waiting_at_the_model() == 1)
    busy_model.release()
    names = [name for name, _data in events_of(colleague.open_stream(others["events_url"]))]
    # The stage is told again once the wait is over.
    assert names.index("queued") < names.index("stage", names.index("queued"))
    assert names[-1] == "done"
    assert len(busy_model.requests) == 2
    with tenant(physics.instance):
        left, answered = UsageRecord.objects.filter(kind="answer").order_by("queue_ms")
    for record in (left, answered):
        assert 0 < record.queue_ms < record.total_ms
    # What was never sent costs nothing.
    assert {left.prompt_tokens, answered.prompt_tokens} > {0}


def test_client_of_the_api_reads_its_place_in_comments_and_leaves(
    site: str, busy_model: ScriptedLLM, physics: Cast, key_of: Callable[[Any], str]
) -> None:
    headers = {"Authorization": f"Bearer {key_of(physics.owner)}"}
    body = {"messages": [{"role": "user", "content": ABOUT_LEAVE}], "stream": True}
    url = f"{site}/v1/chat/completions"
    with httpx.stream("POST", url, json=body, headers=headers, timeout=60) as response:
        lines = response.iter_lines()
        comment = next(line for line in lines if line.startswith(": {"))
        assert json.loads(comment[2:]) == {"queued": {"place": 1, "wait_s": None}}
        assert waiting_at_the_model() == 1
    wait_until(lambda: waiting_at_the_model() == 0)
    assert len(busy_model.requests) == 1


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


@pytest.fixture
def key_of(library: Cast) -> Callable[[Any], str]:
    """``key_of(person)``: a key of theirs, or of nobody in particular, to the library."""

    def make(person: User) -> str:
        return create_api_key(
            instance=library.instance, name="test", scope="chat", created_by=person
        )[1]

    return make


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
