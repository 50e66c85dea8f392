"""Visit the whole product as a real member: each page, API operation and task.

URLs, operations and tasks are found automatically. ``FORMS`` and ``BODIES`` hold valid input, so
that requests are not merely refused.
"""

import asyncio
import inspect
import json
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

from asgiref.sync import sync_to_async
from celery import Task
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import AsyncClient
from ninja.operation import Operation

from evaluation.models import HeldChange
from ingestion import uploads
from instances.access.api_keys import create_api_key
from instances.models import ApiKey, Instance, Membership, Organisation
from instances.tenancy import tenant
from ragapp.api import api
from ragapp.celery import app
from tests import factories
from tests.cast import Cast
from tests.isolation.canaries import CANARY
from tests.isolation.recording import Recorder
from tests.site_map import ALL_PAGES, Page, values_inside
from usage.models import AnswerStatus

QUESTION = "Combien de jours de congé ont les doctorants ?"
# Logins and tables of operators: they contain nothing of a tenant.
ELSEWHERE = ("accounts/", "admin/", "api/", "saml/", "v1/", "healthz", "readyz")
Values = dict[str, Any]

RULE = {"audience": "organisation", "affiliations": ["staff"], "role": "member"}
SOURCE = {
    "source-name": "Le site du laboratoire",
    "source-schedule": "daily",
    "source-grace_days": "7",
    "kind-url": "https://93.184.215.14/",
    "kind-scope": "site",
    "kind-max_depth": "3",
    "kind-max_pages": "50",
}
FORMS: dict[str, Callable[[Values], dict[str, Any]]] = {
    "chat:ask": lambda values: {"question": QUESTION},
    "chat:attach": lambda values: {
        "file": SimpleUploadedFile("own.txt", b"Some text of mine."),
        "conversation": str(values["conversation_id"]),
    },
    "chat:about": lambda values: {"document": str(values["document_id"])},
    "chat:edit": lambda values: {"question": QUESTION},
    "chat:rename": lambda values: {"title": "Congés"},
    "chat:organise": lambda values: {
        "conversation": str(values["conversation_id"]),
        "action": "archive",
    },
    "chat:feedback": lambda values: {"helpful": "true"},
    "documents:upload": lambda values: {"file": SimpleUploadedFile("new.txt", b"Some new text.")},
    "documents:bulk": lambda values: {
        "action": "delete",
        "document": [str(values["document_id"])],
        "confirmed": "on",
    },
    "documents:title": lambda values: {"title": "Un titre"},
    "documents:metadata": lambda values: {"author": "Une autrice", "tags": "un, deux"},
    "documents:sensitivity": lambda values: {"sensitivity": "restricted"},
    "documents:list": lambda values: {"q": "e", "status": "ready", "type": "text"},
    "documents:picker": lambda values: {"q": "e"},
    "documents:picked_group": lambda values: {"folder": CANARY},
    "chat:search": lambda values: {"q": "e"},
    "chat:conversations": lambda values: {"q": "registry"},
    "chat:all_conversations": lambda values: {"q": "registry"},
    "administration:members": lambda values: {"q": "e"},
    "administration:member_add": lambda values: {"identifier": "newcomer", "role": "member"},
    "administration:member_create": lambda values: {
        "first_name": "Nouvelle",
        "last_name": "Personne",
        "username": f"nouvelle-{values['document_id']}",
        "role": "member",
    },
    "administration:member_role": lambda values: {"role": "editor"},
    "administration:invitation_create": lambda values: {
        "note": "A colleague",
        "role": "member",
        "valid_days": "7",
    },
    "administration:rule_add": lambda values: RULE,
    "administration:rule_edit": lambda values: RULE,
    "administration:key_create": lambda values: {
        "name": "Script",
        "scope": "chat",
        "lifetime_days": "30",
    },
    "administration:transfer": lambda values: {"member": values["member_id"]},
    "administration:delete": lambda values: {"confirmation": values["slug"]},
    "administration:general": lambda values: {"name": "Droit", "language": "fr"},
    "administration:search_index_estimate": lambda values: INDEX,
    "administration:search_index_start": lambda values: INDEX,
    "evaluation:inspect": lambda values: {
        "question": QUESTION,
        "strictness": "strict",
        "top_k": 4,
    },
    "evaluation:golden_add": lambda values: {"question": QUESTION, "must_be_refused": "on"},
    "evaluation:golden_edit": lambda values: {"question": QUESTION, "words": "vingt-cinq"},
    "evaluation:golden_import": lambda values: {
        "file": SimpleUploadedFile("golden.csv", b"question;refuse\nWho?;x\n")
    },
    "evaluation:comparisons": lambda values: {"first": "extractive", "second": "extractive"},
    "evaluation:changes": lambda values: {"schedule": "weekly", "holds_back": ""},
    "sources:add": lambda values: SOURCE,
    "sources:edit": lambda values: SOURCE,
    "sources:delete": lambda values: {"documents": "delete"},
    "administration:answers": lambda values: {"strictness": "strict", "top_k": 4},
}
INDEX = {"embedding_model": "intfloat/multilingual-e5-small", "chunk_tokens": 128}
BODIES: dict[str, dict[str, Any]] = {
    "/api/v1/search": {"query": QUESTION},
    "/api/v1/sources": {
        "kind": "web",
        "name": "Le site du laboratoire",
        "options": {
            "url": "https://93.184.215.14/",
            "scope": "site",
            "max_depth": 3,
            "max_pages": 50,
        },
    },
    "/v1/chat/completions": {"messages": [{"role": "user", "content": QUESTION}]},
    "/v1/embeddings": {"input": QUESTION},
    "/v1/responses": {"input": QUESTION},
    "/mcp/{slug}": {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "tools/call",
        "params": {"name": "search", "arguments": {"query": QUESTION, "until": "2090-01-01"}},
    },
}


async def visit_everything(recorder: Recorder, cast: Cast) -> None:
    """Open every page as the owner, call every operation with a key, run every task."""
    await _join_by_rule(recorder, cast)
    client = AsyncClient()
    await client.aforce_login(cast.owner)
    for page in member_pages():
        for method in ("get", "post"):
            values = await sync_to_async(_everything_as_it_was)(cast)
            with recorder.at(page.name):
                await _visit(client, page, method, values)
    for path, operation in operations():
        values = await sync_to_async(_everything_as_it_was)(cast)
        key = await sync_to_async(manage_key)(cast.instance)
        with recorder.at(f"{operation.methods[0]} {path}"):
            await call(path, operation, key, values)
    await sync_to_async(_run_tasks)(recorder, cast)


def member_pages() -> list[Page]:
    """The pages of the product itself, without those of allauth and /admin/."""
    return [page for page in ALL_PAGES if not page.route.startswith(ELSEWHERE)]


def operations() -> Iterator[tuple[str, Operation]]:
    """Every operation of the HTTP API with its path."""
    for prefix, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                yield prefix + path, operation


def project_tasks() -> list[Task]:
    """Every Celery task of the project."""
    app.loader.import_default_modules()
    return [task for name, task in sorted(app.tasks.items()) if not name.startswith("celery.")]


def manage_key(instance: Instance) -> str:
    """A key that may do everything in the instance."""
    return create_api_key(
        instance=instance, name="tour", scope=ApiKey.Scope.MANAGE, created_by=None
    )[1]


async def call(path: str, operation: Operation, key: str, values: Values) -> tuple[int, bytes]:
    """Call an operation; return the status and the body."""
    body = BODIES.get(path)
    for name, value in values.items():
        path = path.replace(f"{{{name}}}", str(value))
    path = path.replace("{path:model_id}", "extractive").replace("{model_id}", "extractive")
    method = operation.methods[0].lower()
    options: dict[str, Any] = {"headers": {"Authorization": f"Bearer {key}"}}
    if "/uploads" in path and method in ("post", "patch", "delete"):
        options["headers"] |= {"Tus-Resumable": "1.0.0", "Upload-Length": "20"}
        options["headers"] |= {"Upload-Offset": "0", "Upload-Metadata": "filename bmV3LnR4dA=="}
        if method != "delete":
            content = b"Some text." if method == "patch" else b""
            content_type = "application/offset+octet-stream" if content else "text/plain"
            options |= {"data": content, "content_type": content_type}
    elif method == "post" and body is not None:
        options |= {"data": json.dumps(body), "content_type": "application/json"}
    elif method == "patch":
        options |= {
            "data": json.dumps({"author": "Une autrice"}),
            "content_type": "application/json",
        }
    elif method == "post":
        name = f"{values['document_id']}.txt"
        content = f"Text {name}.".encode()
        options["data"] = {"file": SimpleUploadedFile(name, content)}
    response = await getattr(AsyncClient(), method)(path, **options)
    return response.status_code, await _body(response)


async def _join_by_rule(recorder: Recorder, cast: Cast) -> None:
    """Join as a person whom an access rule admits."""
    newcomer = await sync_to_async(_let_in)(cast)
    client = AsyncClient()
    await client.aforce_login(newcomer)
    with recorder.at("joining by a rule"):
        response = await client.get(f"/i/{cast.instance.slug}/")
    assert response.status_code == 200


def _let_in(cast: Cast) -> Any:
    factories.AccessRuleFactory(instance=cast.instance)
    organisation_ids = [cast.instance.organisation_id]
    return factories.IdentityFactory(organisation_ids=organisation_ids).user


async def _visit(client: AsyncClient, page: Page, method: str, values: Values) -> None:
    form = FORMS.get(page.name, lambda _values: {})(values)
    if page.name == "chat:edit":
        values |= {"message_id": values["question_id"]}
    response = await getattr(client, method)(page.path(values), form)
    assert response.status_code < 500, page.name
    await _body(response)
    if response.status_code == 201 and (events_url := response.json().get("events_url")):
        await _body(await client.get(events_url), pieces=1000)


async def _body(response: Any, pieces: int = 3) -> bytes:
    """The body; of an endless one, its first pieces."""
    if not response.streaming:
        return bytes(response.content)
    found = b""
    stream = aiter(response.streaming_content)
    async with asyncio.timeout(30):
        while pieces and (piece := await anext(stream, None)) is not None:
            found, pieces = found + piece, pieces - 1
    response.close()
    return found


def _everything_as_it_was(cast: Cast) -> Values:
    """Reset the instance to active, its owner to administrator; create new rows for a page."""
    Organisation.objects.filter(pk=cast.instance.organisation_id).update(is_enabled=True)
    Instance.objects.filter(pk=cast.instance.pk).update(
        status=Instance.Status.ACTIVE, slug=cast.instance.slug
    )
    with tenant(cast.instance):
        Membership.objects.update_or_create(
            instance=cast.instance, user=cast.owner, defaults={"role": Membership.Role.ADMIN}
        )
        Membership.objects.get_or_create(instance=cast.instance, user=cast.teammate)
    values = values_inside(cast)
    with tenant(cast.instance):
        changes = HeldChange.objects.for_instance(cast.instance)
        # One change is open at a time.
        changes.filter(status__in=HeldChange.OPEN).update(status=HeldChange.Status.DISCARDED)
        changes.filter(pk=values["change_id"]).update(status=HeldChange.Status.HELD)
    return values


def _run_tasks(recorder: Recorder, cast: Cast) -> None:
    with tenant(cast.instance):
        uploads.store_upload(
            instance=cast.instance, user=cast.owner, name="tour.txt", content=BytesIO(b"A tour.")
        )
    factories.MessageFactory(instance=cast.instance, status=AnswerStatus.STREAMING)
    for name in ("ingestion.tasks.parse", "ingestion.tasks.embed"):
        with recorder.at(name):
            app.tasks[name]()
    for task in project_tasks():
        if not inspect.signature(task.run).parameters:
            with recorder.at(task.name):
                task()
