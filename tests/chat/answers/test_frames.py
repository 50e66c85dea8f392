"""How many functions of ours a token passes on its way from the model to the browser."""

import asyncio
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from chat.following import events_response
from chat.running import find_running
from inference.llm import client
from tests.cast import Cast
from tests.chat.test_running import begin
from tests.scripted_llm import ScriptedLLM, stream

pytestmark = pytest.mark.usefixtures("closed_connections")

PROJECT = Path(settings.BASE_DIR)


def frames_of_ours() -> list[str]:
    """The functions of the project, tests left out, that the caller's caller runs in."""
    names = []
    frame = sys._getframe(2)
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if path.is_relative_to(PROJECT) and path.relative_to(PROJECT).parts[0] not in {
            "tests",
            ".venv",
        }:
            names.append(frame.f_code.co_name)
        frame = frame.f_back
    return names


class WatchedList(list[Any]):
    """Events that note who reads them."""

    readers: list[str]

    def __getitem__(self, index: Any) -> Any:
        self.readers = frames_of_ours()
        return super().__getitem__(index)


async def test_token_passes_at_most_seven_functions(
    library: Cast, llm: ScriptedLLM, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths: dict[str, list[str]] = {}
    join = client._join

    def watched_join(deltas: Any) -> Any:
        paths["generated"] = frames_of_ours()
        return join(deltas)

    monkeypatch.setattr(client, "_join", watched_join)
    llm.script(stream("Vingt-cinq ", "jours [1]."))
    asked = await begin(library)
    answer = find_running(asked.answer.pk)
    assert answer is not None
    events = answer.events = WatchedList(answer.events)
    response = events_response(
        library.instance, asked.answer.pk, 0, cited_only=False, during=nullcontext()
    )
    async with asyncio.timeout(30):
        received = b"".join([chunk async for chunk in response])
    assert b"Vingt-cinq" in received
    paths["sent"] = events.readers
    assert all(paths.values())
    assert sum(map(len, paths.values())) <= 7, paths
