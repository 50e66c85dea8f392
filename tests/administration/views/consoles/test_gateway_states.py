"""The connection test of OpenGateLLM, which says how its models are."""

from html import unescape

import pytest
from django.urls import reverse

from inference.models import Backend
from tests.factories import UserFactory
from tests.inference.factories import LanguageModelFactory
from tests.scripted_llm import MODEL, Reply, json_reply, stream

LIST = json_reply({"data": [{"id": MODEL}, {"id": "lab/busy"}, {"id": "lab/new"}]})
STATES = [
    {"id": MODEL, "status": "green"},
    {"id": "lab/busy", "status": "yellow"},
    {"id": "lab/new", "status": "purple"},
    {"id": 7, "status": "red"},
    "red",
]


@pytest.fixture
def test_page(transactional_db, client_for, scripted_llm):
    """``test_page(kind, *replies)``: the page of the test of a backend that replies so."""
    browser = client_for(UserFactory(is_staff=True))

    def post(kind, *replies):
        scripted_llm.script(*replies)
        address = scripted_llm.base_url
        model = LanguageModelFactory(backend__base_url=address, backend__kind=kind, server_id=MODEL)
        path = reverse("administration:site_backend_test", args=[model.backend.pk])
        return " ".join(unescape(browser.post(path).text).split())

    return post


@pytest.mark.parametrize("states", [{"data": STATES}, STATES], ids=["data", "list"])
def test_states_at_the_gateway_are_shown(test_page, scripted_llm, states):
    text = test_page(Backend.Kind.OPENGATELLM, LIST, json_reply(states), stream("One"))
    assert "State at the gateway" in text
    assert '<span class="badge badge-success">available</span>' in text
    assert '<span class="badge badge-warning">overloaded</span>' in text
    assert "unavailable" not in text
    paths = [request.path for request in scripted_llm.requests[:2]]
    assert paths == ["/v1/models", "/v1/health/models"]


def test_failure_names_the_state_at_the_gateway(test_page):
    states = json_reply({"data": [{"id": MODEL, "status": "red"}]})
    text = test_page(Backend.Kind.OPENGATELLM, LIST, states, json_reply({"error": "down"}, 500))
    assert f"The gateway says of {MODEL}: unavailable." in text


@pytest.mark.parametrize(
    "reply",
    [
        json_reply({"detail": "Not Found"}, 404),
        json_reply({"data": None}),
        Reply([b"<html>"], headers={"Content-Type": "text/html"}),
    ],
    ids=["old", "empty", "portal"],
)
def test_gateway_that_says_nothing_is_tested_all_the_same(test_page, reply):
    text = test_page(Backend.Kind.OPENGATELLM, LIST, reply, stream("One"))
    assert f"The model {MODEL} answers." in text
    assert "State at the gateway" not in text


def test_other_servers_are_not_asked(test_page, scripted_llm):
    test_page(Backend.Kind.VLLM, LIST, stream("One"))
    assert not any("health" in request.path for request in scripted_llm.requests)
