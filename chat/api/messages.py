"""The messages of a client of the API, and what they may hold."""

from typing import Annotated, Any, Literal

from ninja import Field, Schema

# Of a longer conversation, the last messages and all instructions are read.
MAX_MESSAGES = 200
MAX_INSTRUCTIONS = 50
MAX_PARTS = 50
# Of one message (a question or an answer), and of all instructions together.
MAX_MESSAGE_CHARS = 32_000
MAX_INSTRUCTIONS_CHARS = 8_000
MAX_NAME_CHARS = 200
MAX_CALLS = 64
MAX_TOOLS = 128
# The body of a request has 1 MiB.
MAX_IMAGE_CHARS = 1 << 20
MAX_NUMBER = 2**31 - 1
INSTRUCTING = ("system", "developer")
_TEXTS = ("text", "input_text", "output_text")
_IMAGES = ("image_url", "input_image")


class ImageUrl(Schema):
    url: str = Field(max_length=MAX_IMAGE_CHARS)


class ContentPart(Schema):
    type: str = Field(max_length=MAX_NAME_CHARS)
    text: str = Field("", max_length=MAX_MESSAGE_CHARS)
    # A string in the Responses API.
    image_url: ImageUrl | Annotated[str, Field(max_length=MAX_IMAGE_CHARS)] | None = None

    @property
    def is_text(self) -> bool:
        """Whether the part is text ("input_text" and "output_text" in the Responses API)."""
        return self.type in _TEXTS

    @property
    def image(self) -> str:
        """The URL of an image, "" if the part is none."""
        if self.type not in _IMAGES or self.image_url is None:
            return ""
        return self.image_url if isinstance(self.image_url, str) else self.image_url.url


# What to do with personal data in a question to a model outside the organisation.
PersonalData = Literal["redact", "send"] | None

# Validation stops at the first wrong part or message, as each error takes memory and time.
Content = (
    Annotated[str, Field(max_length=MAX_MESSAGE_CHARS)]
    | Annotated[list[ContentPart], Field(max_length=MAX_PARTS, fail_fast=True)]
    | None
)


class CalledFunction(Schema):
    name: str = Field(max_length=MAX_NAME_CHARS)
    arguments: str = Field("", max_length=MAX_MESSAGE_CHARS)


class ToolCall(Schema):
    """The call of a function by the model, which the client sends back with its result."""

    id: str = Field(max_length=MAX_NAME_CHARS)
    type: Literal["function"] = "function"
    function: CalledFunction


class MessageIn(Schema):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Content = None
    tool_calls: Annotated[list[ToolCall], Field(max_length=MAX_CALLS, fail_fast=True)] | None = None
    tool_call_id: Annotated[str, Field(max_length=MAX_NAME_CHARS)] | None = None

    @property
    def plain_text(self) -> str:
        """The text of the message; images and other parts are ignored."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.is_text)
        return self.content or ""

    @property
    def images(self) -> list[str]:
        """The URLs of the images of the message."""
        parts = self.content if isinstance(self.content, list) else []
        return [part.image for part in parts if part.image]

    @property
    def has_other_parts(self) -> bool:
        """Whether the message has parts that are neither text nor images."""
        parts = self.content if isinstance(self.content, list) else []
        return any(not part.is_text and not part.image for part in parts)


def leave_out_old_turns(messages: Any) -> Any:
    """Return a list without all but its last messages and its instructions, before validation."""
    if not isinstance(messages, list):
        return messages
    old, last = messages[:-MAX_MESSAGES], messages[-MAX_MESSAGES:]
    return [each for each in old if _is_instruction(each)] + last


def _is_instruction(message: Any) -> bool:
    return isinstance(message, dict) and message.get("role") in INSTRUCTING
