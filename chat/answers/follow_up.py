"""Makes a follow-up question self-contained, so that retrieval understands it alone.

"Et pour les doctorants ?" finds nothing by itself. A question that shows signs of depending on the
conversation is rewritten by the LLM when there is one; otherwise, and when the LLM fails, the
questions before it are put in front of it, which is what both legs of retrieval need. A question
that stands alone costs no request.
"""

import asyncio
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass

from chat.answers.prompts import rewrite_prompt
from inference.catalogue import LanguageModel
from inference.errors import InferenceError
from inference.fair_turns import NOBODY, Asker
from inference.llm.backend import ChatMessage
from inference.llm.client import complete_chat
from inference.llm.events import TokenUsage
from inference.llm.tokens import estimate_prompt_tokens

logger = logging.getLogger(__name__)

# A rewrite is worth a short wait, no more: the reader waits for the first word.
REWRITE_TIMEOUT_S = 8.0
_REWRITE_TOKENS = 120
_SHORT_WORDS = 5
_MAX_CONTEXT_CHARS = 300

_DEPENDENT = re.compile(
    r"^(?:et|mais|ou|donc|alors|pourquoi|comment ça|and|but|or|so|why|what about|how about)\b"
    r"|\b(?:il|elle|ils|elles|celui|celle|ceux|celles|cela|ça|ce dernier|cette dernière|y|en|leur|"
    r"le|la|les)(?:-ci|-là)?\s*\?$"
    r"|\b(?:celui-ci|celle-ci|ceux-ci|celles-ci|cela|ça|dans ce cas|même chose|aussi|"
    r"it|they|them|this one|that one|these|those|the same|in that case)\b"
    r"|^(?:il|elle|ils|elles|est-ce (?:qu'il|qu'elle|que c'est))\b"
    r"|-(?:il|elle|ils|elles)\b",
    re.IGNORECASE,
)


def depends_on_conversation(question: str) -> bool:
    """Whether a question, asked after others, seems to need them to be understood."""
    return len(question.split()) <= _SHORT_WORDS or bool(_DEPENDENT.search(question.strip()))


@dataclass(frozen=True, slots=True)
class SelfContained:
    """A question as retrieval should see it, and the tokens that its rewriting spent, if any."""

    question: str
    usage: TokenUsage | None = None


async def self_contained_question(
    question: str, history: Sequence[ChatMessage], model: LanguageModel, *, asker: Asker = NOBODY
) -> SelfContained:
    """Return the question as retrieval should see it; ``history`` is the turns before, in order.

    The model is asked in the turn of ``asker``; a turn that does not come soon is not waited for.
    Tokens are counted also when the rewriting came too late or was of no use.
    """
    if not history or not depends_on_conversation(question):
        return SelfContained(question)
    if model.backend is None:
        return SelfContained(_joined(question, history))
    prompt = rewrite_prompt(question, history)
    text, usage = "", None
    try:
        async with asyncio.timeout(REWRITE_TIMEOUT_S):
            completion = await complete_chat(
                model.backend,
                prompt,
                max_tokens=_REWRITE_TOKENS,
                temperature=0.0,
                asker=asker,
            )
        text, usage = completion.text, completion.usage
    except InferenceError as error:
        logger.warning("the question was not rewritten: %s", error)
        usage = error.usage
    except TimeoutError:
        logger.warning("the question was not rewritten in %s s", REWRITE_TIMEOUT_S)
        # The model has read it, as far as anybody can tell.
        usage = TokenUsage(estimate_prompt_tokens(prompt), 0, estimated=True)
    return SelfContained(_plausible(text, question) or _joined(question, history), usage)


def _plausible(text: str, question: str) -> str:
    """Return the model's rewriting, or "" when it is no single question (small models ramble)."""
    line = text.strip().strip('"«»').strip()
    return line if line and "\n" not in line and len(line) <= 4 * len(question) + 200 else ""


def _joined(question: str, history: Sequence[ChatMessage]) -> str:
    """Put the last question that stood alone, and those since, in front of this one."""
    context: list[str] = []
    for turn in reversed(history):
        if turn.role != "user":
            continue
        context.insert(0, turn.content)
        if not depends_on_conversation(turn.content):
            break
    return f"{' '.join(context)[-_MAX_CONTEXT_CHARS:]} {question}"
