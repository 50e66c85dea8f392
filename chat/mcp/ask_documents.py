"""The tool ``ask``: an answer from the documents, with its citations and what it cost."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel, Field

from chat.answers.access_checks import ACCESS_ENDED
from chat.answers.error_messages import user_message
from chat.api.api_answer import ApiAnswer, start_answer
from chat.api.api_questions import ApiQuestion
from chat.api.messages import MAX_NAME_CHARS, MessageIn, PersonalData
from chat.conversations.turns import MAX_QUESTION_CHARS
from chat.mcp.protocol import McpRequest
from chat.mcp.tool import Arguments, Tool, ToolResult, Words, document_link, failed
from inference.llm.events import Delta, TextDelta
from instances.api import ApiError
from instances.models import ApiKey
from usage.models import AnswerStatus

# A notification of progress each time that so much was written.
_PROGRESS_CHARS = 200


class AskArguments(Arguments):
    question: Words = Field(
        min_length=1, max_length=MAX_QUESTION_CHARS, description="The question, in full."
    )
    model: str = Field(
        "", max_length=MAX_NAME_CHARS, description="A model of the server; the default without it."
    )
    personal_data: PersonalData = Field(
        None,
        description='What to do with personal data in the question: "redact" or "send". Set it '
        "only if the server has refused the question for them.",
    )


class CitedPassage(BaseModel):
    number: int
    document_id: str
    document: str
    page: int
    page_label: str
    quote: str
    link: str


class Cost(BaseModel):
    """``method``: how the energy was determined."""

    energy_wh: float
    gco2e: float
    method: str
    prompt_tokens: int
    completion_tokens: int


class CitedAnswer(BaseModel):
    """``found``: whether the documents answer; ``unsupported``: sentences without support."""

    answer: str
    found: bool
    citations: list[CitedPassage]
    unsupported: list[str]
    cost: Cost


async def _ask(key: ApiKey, arguments: AskArguments) -> ApiAnswer:
    asked = ApiQuestion(
        model_id=arguments.model,
        messages=[MessageIn(role="user", content=arguments.question)],
        is_stream=True,
        personal_data=arguments.personal_data or "",
    )
    return await start_answer(key, asked)


async def whole_result(answer: ApiAnswer) -> ToolResult:
    """Return the result of an answer at its end."""
    try:
        await answer.wait()
    except ApiError as error:
        return failed(error.message)
    return await ended_result(answer)


async def ended_result(answer: ApiAnswer) -> ToolResult:
    """Return the result of an answer that has ended."""
    result = answer.result
    if result.status == AnswerStatus.FAILED:
        # A key that has lost its access gets no more of the text.
        written = "" if result.error_code == ACCESS_ENDED else result.text
        return failed("\n\n".join(filter(None, (written, user_message(result.error_code)))))
    evidence = await answer.evidence()
    instance = answer.question.instance
    citations = [
        CitedPassage(
            **{**cited, "document_id": str(cited["document_id"])},
            link=document_link(instance, cited["document_id"], page=cited["page"]),
        )
        for cited in evidence["citations"]
    ]
    data = CitedAnswer(
        answer=result.text,
        found=result.status != AnswerStatus.NOTHING_FOUND,
        citations=citations,
        unsupported=_unsupported(evidence["verification"]),
        cost=Cost(
            **evidence["impact"],
            prompt_tokens=result.usage.prompt_tokens if result.usage else 0,
            completion_tokens=result.usage.completion_tokens if result.usage else 0,
        ),
    )
    sources = [f"[{each.number}] {each.document}: {each.link}" for each in citations]
    text = "\n\n".join(filter(None, (result.text, "\n".join(sources))))
    return ToolResult(text=text, data=data, headers=answer.headers)


def _unsupported(verification: dict[str, Any] | None) -> list[str]:
    sentences = verification["sentences"] if verification else []
    return [each["text"] for each in sentences if each["outcome"] == "unsupported"]


class Progress:
    """The notifications of progress of an answer: characters written so far."""

    def __init__(self, request: McpRequest) -> None:
        self._request = request
        self._written = self._told = 0

    def take(self, piece: Delta) -> Iterator[dict[str, Any]]:
        """Yield the notification for a piece of the answer, if one is due."""
        if not isinstance(piece, TextDelta) or self._request.progress_token is None:
            return
        self._written += len(piece.text)
        if self._told == 0 or self._written - self._told >= _PROGRESS_CHARS:
            self._told = self._written
            yield self._request.progress(self._written)


ASK = Tool(
    name="ask",
    title=_("Ask the documents"),
    description=(
        "Answer a question from the documents only, with numbered citations, their links, and the "
        "energy that it took. Takes seconds to minutes. Use search to find passages yourself."
    ),
    arguments=AskArguments,
    result=CitedAnswer,
    call=_ask,
)
