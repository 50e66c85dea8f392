"""Follow answers under way as a browser does."""

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any
from uuid import UUID

import httpx
import pytest

from bench.sse import events
from bench.stack import Stack
from tests.fixtures.waiting import wait_until

QUESTION = "Combien de jours de congé le règlement accorde-t-il aux agents du service 1 ?"


@dataclass
class FollowedAnswer:
    """An answer and the events that a browser has received of it, reconnecting as browsers do."""

    stack: Stack
    events_url: str
    names: list[str] = field(default_factory=list)
    text: str = ""
    done: dict[str, Any] | None = None
    error: dict[str, Any] | None = None

    def follow(self) -> None:
        """Follow in the background, until the answer has ended."""
        threading.Thread(target=lambda: asyncio.run(self._follow()), daemon=True).start()

    def wait_for_words(self, n_words: int = 3) -> None:
        """Wait until some words have arrived."""
        wait_until(lambda: self.text.count("mot") >= n_words, self)

    def wait_until_done(self) -> dict[str, Any]:
        """Return the data of the last event."""
        wait_until(lambda: self.done is not None, self)
        assert self.done is not None
        return self.done

    async def _follow(self) -> None:
        while self.done is None:
            try:
                async for name, data in events(
                    "GET", self.stack.url + self.events_url, self.stack.browser_headers()
                ):
                    self._take(name, json.loads(data))
            except (OSError, EOFError, RuntimeError, ValueError):
                await asyncio.sleep(0.3)

    def _take(self, name: str, data: dict[str, Any]) -> None:
        self.names.append(name)
        match name:
            case "token":
                self.text += data["text"]
            case "replace":
                self.text = data["text"]
            case "error":
                self.error = data
            case "done":
                self.done = data


def post_question(stack: Stack) -> httpx.Response:
    """Ask a question whose answer takes eight seconds."""
    return httpx.post(
        f"{stack.url}/i/{stack.tenancy.slug}/ask/",
        json={"question": QUESTION},
        headers=stack.browser_headers(),
        timeout=60,
    )


@contextmanager
def api_answer(stack: Stack, n_pieces: int = 3) -> Iterator[UUID]:
    """Ask through the API; the block has the id of the answer, of which some words have come."""
    asked = {"messages": [{"role": "user", "content": QUESTION}], "stream": True}
    with (
        stack.api() as api,
        api.stream("POST", "/v1/chat/completions", json=asked, timeout=60) as response,
    ):
        assert response.status_code == 200, response.read().decode()
        pieces = (json.loads(line[6:]) for line in response.iter_lines() if line[:6] == "data: ")
        ids = [piece["id"] for piece in islice(pieces, n_pieces)]
        yield UUID(ids[0].removeprefix("chatcmpl-"))


def post_until(stack: Stack, status: int) -> None:
    """Ask repeatedly until the site answers with ``status``."""
    wait_until(lambda: post_question(stack).status_code == status, status)


@pytest.fixture
def ask(stack: Stack) -> Callable[[], FollowedAnswer]:
    """Ask a question and begin to follow its answer."""

    def begin() -> FollowedAnswer:
        response = post_question(stack)
        assert response.status_code == 201, response.text
        answer = FollowedAnswer(stack, response.json()["events_url"])
        answer.follow()
        return answer

    return begin
