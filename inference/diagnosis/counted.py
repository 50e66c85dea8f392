"""Questions of a connection test, with what they spend."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field

from inference.chat_options import NO_OPTIONS, ChatOptions
from inference.errors import InferenceError
from inference.llm.backend import ChatBackend, ChatMessage
from inference.llm.client import stream_chat
from inference.llm.events import ChatEvent, Finished
from inference.token_usage import TokenUsage


@dataclass(slots=True)
class Spent:
    """The requests of a test so far, and their tokens; those of a request left are not known."""

    requests: int = 0
    tokens: TokenUsage = field(default_factory=lambda: TokenUsage(0, 0))

    async def ask(
        self,
        connection: ChatBackend,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        options: ChatOptions = NO_OPTIONS,
    ) -> AsyncGenerator[ChatEvent, None]:
        """Yield the events of an answer, and count it; raises InferenceError."""
        self.requests += 1
        events = stream_chat(
            connection, messages, max_tokens=max_tokens, temperature=0.0, options=options
        )
        try:
            async with aclosing(events):
                async for event in events:
                    if isinstance(event, Finished):
                        self.tokens += event.usage
                    yield event
        except InferenceError as error:
            self.tokens += error.usage or TokenUsage(0, 0)
            raise
