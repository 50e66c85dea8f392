"""The MCP server of an instance with the official client, in both kinds of revision."""

import json
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client as Browser

from ingestion.models import Document
from instances.tenancy import tenant
from tests.cast import Cast
from tests.chat.mcp.conftest import REVISIONS, new_key
from tests.fixtures.corpus import TEXTS
from tests.scripted_llm import Reply, ScriptedLLM, chunk, stream
from usage.models import UsageRecord

ABOUT_LEAVE = "Combien de jours de congé ont les doctorants ?"
in_each_revision = pytest.mark.parametrize("mode", REVISIONS)


@in_each_revision
def test_client_lists_the_tools(connected: Callable[..., Any], library: Cast, mode: str) -> None:
    async def use(client: Any) -> Any:
        return client.protocol_version, client.instructions, await client.list_tools()

    revision, instructions, listed = connected(use, mode=mode)
    assert revision == {"legacy": "2025-11-25"}.get(mode, mode)
    assert mode != "legacy" or library.instance.name in instructions
    tools = {tool.name: tool for tool in listed.tools}
    assert set(tools) == {"search", "ask", "list_documents", "read_document"}
    assert all(tool.annotations.read_only_hint and tool.title for tool in tools.values())


def test_client_that_negotiates_finds_the_last_revision(connected: Callable[..., Any]) -> None:
    async def use(client: Any) -> Any:
        return client.protocol_version

    assert connected(use) == "2026-07-28"


@in_each_revision
def test_search_returns_passages_with_links(
    connected: Callable[..., Any], library: Cast, mode: str
) -> None:
    async def use(client: Any) -> Any:
        return await client.call_tool("search", {"query": ABOUT_LEAVE, "limit": 2})

    found = connected(use, mode=mode)
    first, _second = found.structured_content["passages"]
    assert (first["document"], first["page"]) == ("conges.txt", 1)
    assert "vingt-cinq jours" in first["text"]
    path = f"/i/{library.instance.slug}/documents/{first['document_id']}/?chunk="
    assert path in first["link"]
    assert first["link"] in found.content[0].text
    with tenant(library.instance):
        record = UsageRecord.objects.get(kind="embedding")
    assert (record.outcome, record.user_id, bool(record.api_key_id)) == (
        "complete",
        library.owner.pk,
        True,
    )


@in_each_revision
def test_answer_has_citations_cost_and_progress(
    connected: Callable[..., Any], llm: ScriptedLLM, library: Cast, mode: str
) -> None:
    llm.script(stream("Vingt-cinq jours ", "par an [1]."))
    seen: list[float] = []

    async def progress(amount: float, _total: float | None, _message: str | None) -> None:
        seen.append(amount)

    async def use(client: Any) -> Any:
        asked = {"question": ABOUT_LEAVE}
        return await client.call_tool("ask", asked, progress_callback=progress)

    answer = connected(use, mode=mode)
    data = answer.structured_content
    assert data["answer"].startswith("Vingt-cinq jours")
    (citation,) = data["citations"]
    assert citation["document"] == "conges.txt"
    assert citation["link"] in answer.content[0].text
    assert data["cost"]["energy_wh"] > 0
    assert seen
    assert seen == sorted(seen)
    with tenant(library.instance):
        assert UsageRecord.objects.get(kind="answer").outcome == "complete"


def test_model_that_fails_is_a_tool_error(connected: Callable[..., Any], llm: ScriptedLLM) -> None:
    llm.script(Reply([chunk("Vingt")]))

    async def use(client: Any) -> Any:
        return await client.call_tool("ask", {"question": ABOUT_LEAVE})

    answer = connected(use)
    assert answer.is_error
    assert "cut before its end" in answer.content[0].text


def test_document_is_read_in_bounded_pieces(
    connected: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chat.mcp.read_documents.MAX_CHARS", 100)

    async def use(client: Any) -> str:
        listed = await client.call_tool("list_documents", {"words": "conges"})
        (document,) = listed.structured_content["documents"]
        place: dict[str, Any] = {"document_id": document["document_id"]}
        read = ""
        while True:
            piece = (await client.call_tool("read_document", place)).structured_content
            assert sum(len(page["text"]) for page in piece["pages"]) <= 100
            read += "".join(page["text"] for page in piece["pages"])
            if piece["next_page"] is None:
                return read
            place |= {"first_page": piece["next_page"], "offset": piece["next_offset"]}

    assert connected(use).split() == TEXTS["conges.txt"].split()


def test_limits_and_wrong_arguments_are_tool_errors(
    connected: Callable[..., Any], settings: Any
) -> None:
    settings.QUESTIONS_PER_MINUTE_PER_KEY = 1

    async def use(client: Any) -> list[Any]:
        calls = [
            ("search", {"query": "congés", "sort": "date"}),
            ("search", {"query": " "}),
            ("search", {"query": "congés", "tag": "none"}),
            ("read_document", {"document_id": str(uuid4())}),
            ("ask", {"question": "Qui ?", "model": "none"}),
            ("search", {"query": "congés"}),
            ("search", {"query": "congés"}),
        ]
        return [await client.call_tool(name, arguments) for name, arguments in calls]

    unknown, blank, filtered, missing, model, first, second = connected(use)
    assert "sort" in unknown.content[0].text
    assert not filtered.is_error
    assert filtered.structured_content["passages"] == []
    assert "no such document" in missing.content[0].text
    assert all(each.is_error for each in (unknown, blank, missing, model, second))
    assert not first.is_error
    assert "limit" in second.content[0].text


def initialize(revision: str = "2025-06-18") -> dict[str, Any]:
    params = {"protocolVersion": revision, "capabilities": {}, "clientInfo": {}}
    return {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}


def post(slug: str, key: str | None, message: Any, **headers: str) -> Any:
    authorization = {} if key is None else {"authorization": f"Bearer {key}"}
    body = message if isinstance(message, bytes) else json.dumps(message)
    return Browser().post(
        f"/mcp/{slug}",
        body,
        content_type="application/json",
        headers=authorization | headers,
    )


def test_stranger_is_told_nothing(library: Cast, key: str) -> None:
    slug = library.instance.slug
    for wrong in (None, "rag_of-nobody"):
        refused = post(slug, wrong, initialize())
        assert (refused.status_code, refused["WWW-Authenticate"]) == (401, "Bearer")
    foreign = new_key(library.other_instance, library)
    assert post(slug, foreign, initialize()).status_code == 404
    assert post("nowhere", key, initialize()).status_code == 404
    assert post(slug, key, initialize()).status_code == 200


def test_key_of_another_instance_finds_none_of_its_documents(library: Cast) -> None:
    slug, foreign = library.other_instance.slug, new_key(library.other_instance, library)
    with tenant(library.instance):
        document = Document.objects.for_instance(library.instance).first()
    for name, arguments in (
        ("search", {"query": ABOUT_LEAVE}),
        ("list_documents", {}),
        ("read_document", {"document_id": str(document.pk)}),
    ):
        params = {"name": name, "arguments": arguments}
        called = {"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": params}
        result = post(slug, foreign, called).json()["result"]
        assert "conges" not in json.dumps(result)
        assert result["isError"] is (name == "read_document")


def test_pages_of_other_sites_are_refused(library: Cast, key: str, settings: Any) -> None:
    slug = library.instance.slug
    assert post(slug, key, initialize(), origin="https://evil.example").status_code == 403
    assert post(slug, key, initialize(), origin="null").status_code == 403
    assert post(slug, key, initialize(), host="evil.example").status_code == 400
    assert post(slug, key, initialize(), origin=settings.SITE_URL).status_code == 200


def test_address_takes_only_posts(library: Cast, key: str) -> None:
    headers = {"authorization": f"Bearer {key}", "accept": "text/event-stream"}
    for method in ("get", "delete"):
        refused = getattr(Browser(), method)(f"/mcp/{library.instance.slug}", headers=headers)
        assert (refused.status_code, refused["Allow"]) == (405, "POST")


def test_archived_instance_says_so(library: Cast, key: str) -> None:
    library.instance.status = "archived"
    library.instance.save()
    refused = post(library.instance.slug, key, initialize())
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "instance_archived"
