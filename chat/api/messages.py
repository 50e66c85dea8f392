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
MAX_NUMBER = 2**31 - 1
INSTRUCTING = ("system", "developer")
_TEXTS = ("text", "input_text", "output_text")


class ContentPart(Schema):
    type: str = Field(max_length=MAX_NAME_CHARS)
    text: str = Field("", max_length=MAX_MESSAGE_CHARS)

    @property
    def is_text(self) -> bool:
        """Whether the part is text ("input_text" and "output_text" in the Responses API)."""
        return self.type in _TEXTS


# Validation stops at the first wrong part or message, as each error takes memory and time.
Content = (
    Annotated[str, Field(max_length=MAX_MESSAGE_CHARS)]
    | Annotated[list[ContentPart], Field(max_length=MAX_PARTS, fail_fast=True)]
    | None
)


class MessageIn(Schema):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Content = None

    @property
    def plain_text(self) -> str:
        """The text of the message; images and other parts are ignored."""
        if isinstance(self.content, list):
            return "\n".join(part.text for part in self.content if part.is_text)
        return self.content or ""

    @property
    def is_text(self) -> bool:
        """Whether the message has no images and no other parts."""
        return not isinstance(self.content, list) or all(part.is_text for part in self.content)


def leave_out_old_turns(messages: Any) -> Any:
    """Return a list without all but its last messages and its instructions, before validation."""
    if not isinstance(messages, list):
        return messages
    old, last = messages[:-MAX_MESSAGES], messages[-MAX_MESSAGES:]
    return [each for each in old if _is_instruction(each)] + last


def _is_instruction(message: Any) -> bool:
    return isinstance(message, dict) and message.get("role") in INSTRUCTING
