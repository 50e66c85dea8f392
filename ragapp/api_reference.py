"""The reference of the HTTP API: a page of the site, drawn from the OpenAPI schema."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from ninja import NinjaAPI
from ninja.openapi.docs import DocsBase

# A part of an OpenAPI document.
Schema = dict[str, Any]


@dataclass(frozen=True)
class Field:
    """A parameter of an operation, or a field of what is sent or returned."""

    name: str
    kind: str
    is_required: bool = True


@dataclass(frozen=True)
class Operation:
    """A method of an address."""

    method: str
    path: str
    summary: str
    sent: list[Field]
    returned: list[Field]


class ReferencePage(DocsBase):
    """Shows every operation without script; programs read the schema itself."""

    def render_page(self, request: HttpRequest, api: NinjaAPI, **kwargs: Any) -> HttpResponse:
        """Render the page."""
        context = {
            "operations": list(operations(api.get_openapi_schema())),
            "openapi_url": self.get_openapi_url(api, kwargs),
        }
        return render(request, "ragapp/api_reference.html", context)


def operations(document: Schema) -> Iterator[Operation]:
    """Every operation of an OpenAPI document, in its order."""
    for path, methods in document["paths"].items():
        for method, found in methods.items():
            parameters = [
                Field(one["name"], kind(one["schema"]), one["required"])
                for one in found.get("parameters", [])
            ]
            first = next(iter(found["responses"].values()))
            yield Operation(
                method=method.upper(),
                path=path,
                summary=found.get("summary", ""),
                sent=parameters + _fields(found.get("requestBody", {}), document),
                returned=_fields(first, document),
            )


def kind(schema: Schema) -> str:
    """The type of a value in words: ``string``, ``list of Hit``, ``integer or null``."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "anyOf" in schema:
        return " or ".join(kind(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {kind(schema.get('items', {}))}"
    return str(schema.get("format") or schema.get("type") or "any")


def _fields(message: Schema, document: Schema) -> list[Field]:
    """The fields of the JSON or the form that a request or a response carries."""
    for content in message.get("content", {}).values():
        schema = content["schema"]
        # A list shows the fields of its items.
        schema = schema.get("items", schema)
        if "$ref" in schema:
            schema = document["components"]["schemas"][kind(schema)]
        required = schema.get("required", [])
        return [
            Field(name, kind(one), name in required)
            for name, one in schema.get("properties", {}).items()
        ]
    return []
