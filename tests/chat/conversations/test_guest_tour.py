"""A guest goes everywhere, and receives nothing of the documents but what answers cite."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async

from chat import running
from chat.models import Message
from instances.access.api_keys import create_api_key
from instances.models import Membership
from instances.tenancy import in_database, tenant
from people.models import User
from tests.cast import Cast
from tests.factories import MembershipFactory
from tests.fixtures.corpus import add_document
from tests.scripted_llm import DONE, Reply, ScriptedLLM, chunk

LEAVE = "Combien de jours de congé ont les doctorants ?"
QUOTE = "Les doctorants contractuels ont droit à vingt-cinq jours de congé par an."
# In the cited passage, in one that is found and not cited, in names and in headings.
CANARIES = ["PERROQUET", "CANARI", "MAINATE", "COLIBRI"]
TEXT = (
    f"Congés du service PERROQUET\n\n{QUOTE} La salle voisine sert au matériel. "
    "Une autre phrase parle du jardin. Le coffre s'ouvre avec le mot CANARI."
)
OTHER = "Le MAINATE du service prend vingt-cinq jours de congé, comme les doctorants."
# What a model says to itself, repeating what it was given.
THOUGHT = "Passage 2: the COLIBRI rests."

pytestmark = pytest.mark.usefixtures("closed_connections")


@pytest.fixture
def place(library: Cast, llm: ScriptedLLM) -> Cast:
    """The library with documents about leave, and a model that cites the first passage."""
    add_document(library.instance, library.owner, "conges-doctorants.txt", TEXT)
    add_document(library.instance, library.owner, "MAINATE.txt", OTHER)
    return library


@pytest.fixture
def guest(place: Cast) -> User:
    person: User = MembershipFactory(instance=place.instance, role="guest").user
    return person


def script(llm: ScriptedLLM, text: str) -> None:
    thought = chunk(delta={"reasoning_content": THOUGHT})
    llm.script(Reply([thought, chunk(text), chunk(finish_reason="stop"), DONE]))


def nowhere() -> dict[str, list[str]]:
    """What ``places_of`` says of each canary that was not seen."""
    return {canary: [] for canary in CANARIES}


class Tour:
    """Everything that one person received, by where it came from."""

    def __init__(self, client: Any) -> None:
        self.client, self.seen = client, {}

    async def get(self, path: str, name: str = "", **headers: str) -> None:
        response = await self.client.get(path, headers=headers)
        await self.keep(name or path, response)

    async def post(self, path: str, data: dict[str, Any]) -> Any:
        response = await self.client.post(path, json.dumps(data), content_type="application/json")
        await self.keep(path, response)
        return response

    async def keep(self, name: str, response: Any) -> None:
        if response.streaming:
            body = b"".join([piece async for piece in response.streaming_content])
        else:
            body = response.content
        self.seen[name] = body.decode()

    def places_of(self, canary: str) -> list[str]:
        return [name for name, body in self.seen.items() if canary in body]


async def go_everywhere(tour: Tour) -> None:
    """Ask, follow in every way, and open each page and passage of the conversation."""
    asked = (await tour.post("/i/law/ask/", {"question": LEAVE})).json()
    answer, events = asked["answer_id"], asked["events_url"]
    await tour.get(events, "events while they come")
    await tour.get(events, "events again")
    # As by a process that did not write the answer.
    running._running.clear()
    await tour.get(events, "events from the database")
    for path in (
        asked["conversation_url"],
        "/i/law/",
        "/i/law/conversations/?q=cong%C3%A9",
        "/i/law/search/?q=MAINATE",
        *(f"/i/law/m/{answer}/citations/{number}/" for number in range(1, 7)),
    ):
        await tour.get(path)
    for path in (f"/i/law/m/{answer}/regenerate/", f"/i/law/m/{asked['question_id']}/edit/"):
        again = await tour.post(path, {"question": LEAVE})
        await tour.get(again.json()["events_url"], f"events of {path}")


async def tour_of(person: User, llm: ScriptedLLM, async_client_for: Callable[..., Any]) -> Tour:
    for _answer in range(3):
        script(llm, "Vingt-cinq jours [1].")
    tour = Tour(await sync_to_async(async_client_for)(person))
    async with asyncio.timeout(60):
        await go_everywhere(tour)
    return tour


async def test_guest_receives_only_cited_passages(
    place: Cast, guest: User, llm: ScriptedLLM, async_client_for: Callable[..., Any]
) -> None:
    tour = await tour_of(guest, llm, async_client_for)
    assert {canary: tour.places_of(canary) for canary in CANARIES} == nowhere()
    cited = tour.places_of(QUOTE)
    assert {"events while they come", "events from the database"} <= set(cited)
    assert any(name.endswith("/citations/1/") for name in cited)
    # A member meets all of them on the same way: the tour leads past each.
    other = await tour_of(place.teammate, llm, async_client_for)
    assert [canary for canary in CANARIES if not other.places_of(canary)] == []


async def test_member_who_becomes_a_guest_sees_only_citations_of_old_answers(
    place: Cast, llm: ScriptedLLM, async_client_for: Callable[..., Any]
) -> None:
    script(llm, "Vingt-cinq jours [1].")
    client = await sync_to_async(async_client_for)(place.teammate)
    tour = Tour(client)
    asked = (await tour.post("/i/law/ask/", {"question": LEAVE})).json()
    async with asyncio.timeout(30):
        await tour.get(asked["events_url"])
    running._running.clear()

    def become_a_guest() -> None:
        with tenant(place.instance):
            Membership.objects.filter(user=place.teammate).update(role="guest")

    await in_database(become_a_guest)
    later = Tour(client)
    async with asyncio.timeout(30):
        await later.get(asked["events_url"], "events")
        await later.get(asked["conversation_url"], "page")
        for number in range(1, 7):
            await later.get(f"/i/law/m/{asked['answer_id']}/citations/{number}/")
    assert {canary: later.places_of(canary) for canary in CANARIES} == nowhere()
    # In the page it stands as JSON, with its accents escaped.
    assert "events" in later.places_of(QUOTE)


async def test_guest_is_shown_no_document_names_when_nothing_is_found(
    place: Cast, guest: User, async_client_for: Callable[..., Any]
) -> None:
    for person, is_told in ((guest, False), (place.teammate, True)):
        tour = Tour(await sync_to_async(async_client_for)(person))
        asked = (await tour.post("/i/law/ask/", {"question": "xylophone zanzibar"})).json()
        async with asyncio.timeout(30):
            await tour.get(asked["events_url"], "events")
        await tour.get(asked["conversation_url"], "page")
        answer = await in_database(message, place, asked["answer_id"])
        assert answer.status == "nothing_found"
        assert [name for name in ("events", "page") if ".txt" in tour.seen[name]] == (
            ["events", "page"] if is_told else []
        )


def message(place: Cast, answer_id: str) -> Message:
    with tenant(place.instance):
        found: Message = Message.objects.get(pk=answer_id)
    return found


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/api/v1/search", {"query": LEAVE, "top_k": 3}),
        ("/v1/chat/completions", {"messages": [{"role": "user", "content": LEAVE}]}),
    ],
    ids=["search", "completions"],
)
async def test_key_of_a_guest_is_refused_by_the_api(
    place: Cast, guest: User, async_client_for: Callable[..., Any], path: str, body: dict[str, Any]
) -> None:
    def make() -> str:
        return create_api_key(instance=place.instance, name="x", scope="chat", created_by=guest)[1]

    plaintext = await in_database(make)
    client = await sync_to_async(async_client_for)(guest)
    response = await client.post(
        path,
        json.dumps(body),
        content_type="application/json",
        headers={"authorization": f"Bearer {plaintext}"},
    )
    assert (response.status_code, response.json()["error"]["code"]) == (403, "role")
