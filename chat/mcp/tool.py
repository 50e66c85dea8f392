"""What the tools of the MCP server have in common: their description, their results, links."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from chat.answers.error_messages import user_message
from chat.api.api_answer import ApiAnswer
from chat.confidentiality.withholding import SEARCH_NOT_CLEARED
from inference.errors import InferenceError, NotCleared
from instances.api import ApiError
from instances.models import ApiKey, Instance
from usage.admission import RequestRefused

_MAX_PROBLEMS = 10
_MAX_PROBLEM_CHARS = 200

# PostgreSQL stores no NUL.
Words = Annotated[str, AfterValidator(lambda text: text.replace("\0", ""))]


class Arguments(BaseModel):
    """Arguments of a tool; unknown ones are refused, so that the model corrects itself."""

    model_config = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolResult:
    """The result of a tool: text for the model, the same as data; ``headers`` show the limits."""

    text: str
    data: BaseModel | None = None
    is_error: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)

    def as_result(self) -> dict[str, Any]:
        """Return the result of ``tools/call``."""
        result: dict[str, Any] = {
            "content": [{"type": "text", "text": self.text}],
            "isError": self.is_error,
        }
        if self.data is not None:
            result["structuredContent"] = self.data.model_dump(mode="json")
        return result


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A tool: models read ``description``, people ``title``.

    ``call(key, arguments)`` returns its result, or an answer that is being written. It raises
    ApiError, RequestRefused and ``InferenceError``.
    """

    name: str
    title: Promise
    description: str
    arguments: type[Arguments]
    result: type[BaseModel]
    call: Callable[[ApiKey, Any], Awaitable[ToolResult | ApiAnswer]]

    def as_data(self) -> dict[str, Any]:
        """Return the tool as ``tools/list`` shows it."""
        return {
            "name": self.name,
            "title": str(self.title),
            "description": self.description,
            "inputSchema": self.arguments.model_json_schema(),
            "outputSchema": self.result.model_json_schema(),
            "annotations": {"readOnlyHint": True, "openWorldHint": False},
        }


async def call_tool(tool: Tool, key: ApiKey, given: Mapping[str, Any]) -> ToolResult | ApiAnswer:
    """Call a tool; what it refuses is a result that says why in a sentence."""
    try:
        return await tool.call(key, tool.arguments.model_validate(given))
    except ValidationError as error:
        return failed(_("These arguments are not valid: %s.") % _problems(error))
    except (ApiError, RequestRefused) as error:
        return failed(error.message)
    except InferenceError as error:
        is_refused = isinstance(error, NotCleared)
        return failed(user_message(SEARCH_NOT_CLEARED if is_refused else "search_unavailable"))


def failed(message: str) -> ToolResult:
    """Return the result of a tool that failed, with the sentence that says why."""
    return ToolResult(text=message, is_error=True)


def document_link(instance: Instance, document_id: UUID, **place: object) -> str:
    """Return the address of a document in the browser, at a ``page`` or a ``chunk``."""
    path = reverse("documents:detail", args=[instance.slug, document_id])
    return f"{settings.SITE_URL}{path}?{urlencode(place)}" if place else settings.SITE_URL + path


def _problems(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"[:_MAX_PROBLEM_CHARS]
        for problem in error.errors()[:_MAX_PROBLEMS]
    )
