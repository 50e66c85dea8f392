"""People of two instances, their keys, and a model that answers when the test lets it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from instances.access.api_keys import create_api_key
from people.models import User
from tests.cast import Cast
from tests.chat.limits.browser import HELD, Browser
from tests.fixtures.corpus import add_document
from tests.scripted_llm import ScriptedLLM


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


@pytest.fixture
def key_of(library: Cast) -> Callable[[Any], str]:
    """``key_of(person)``: a key of theirs, or of nobody in particular, to the library."""

    def make(person: User) -> str:
        return create_api_key(
            instance=library.instance, name="test", scope="chat", created_by=person
        )[1]

    return make
