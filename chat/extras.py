"""What a client of the API may add to a question: images, functions, a format of the answer."""

from dataclasses import dataclass

import orjson

from inference.chat_options import NO_OPTIONS, Ability, ChatOptions
from inference.llm.backend import ChatMessage
from inference.llm.tokens import estimate_prompt_tokens, estimate_tokens

# Models differ: some 250 to 1,500.
_TOKENS_OF_AN_IMAGE = 1000


@dataclass(frozen=True, slots=True)
class Extras:
    """``images`` are data URLs; ``steps`` the model's calls since the question, and their results.

    An answer to a question with extras is never one that was given before.
    """

    images: tuple[str, ...] = ()
    steps: tuple[ChatMessage, ...] = ()
    options: ChatOptions = NO_OPTIONS

    @property
    def needs(self) -> frozenset[Ability]:
        """What the model must be able to do; empty without extras."""
        has_format = self.options.response_format is not None
        present = {
            Ability.TOOLS: bool(self.options.tools or self.steps),
            Ability.JSON: has_format,
            Ability.IMAGES: bool(self.images),
        }
        return frozenset(ability for ability, is_needed in present.items() if is_needed)

    @property
    def estimated_tokens(self) -> int:
        """Return the approximate number of tokens that they add to the prompt."""
        body = self.options.body()
        written = estimate_tokens(orjson.dumps(body).decode()) if body else 0
        return written + estimate_prompt_tokens(self.steps) + _TOKENS_OF_AN_IMAGE * len(self.images)


NO_EXTRAS = Extras()
