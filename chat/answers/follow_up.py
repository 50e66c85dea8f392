"""Writes the search query of a follow-up question: a question without its conversation.

"Et pour les doctorants ?" alone finds nothing. A question that seems to depend on the conversation
is rewritten by the LLM. Without an LLM, or when it fails, the questions before it are prepended,
which helps dense and lexical retrieval. A self-contained question needs no request.
"""

import asyncio
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass

from chat.answers.prompts import rewrite_prompt
from inference.errors import InferenceError, NoFreeSlot, NotCleared
from inference.fair_turns import NOBODY, Asker
from inference.llm.backend import ChatMessage
from inference.llm.client import whole_answer
from inference.llm.tokens import estimate_prompt_tokens
from inference.offered_models import OfferedModel
from inference.routing import stream_answer
from inference.token_usage import TokenUsage
from instances.models import Sensitivity
from usage.recording import Outcome

logger = logging.getLogger(__name__)

# Short, as the reader waits for the first word.
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
    """Whether a question seems to depend on the questions before it."""
    return len(question.split()) <= _SHORT_WORDS or bool(_DEPENDENT.search(question.strip()))


@dataclass(frozen=True, slots=True)
class Rewriting:
    """A model is about to be asked to rewrite the question; ``usage``: what it will read."""

    usage: TokenUsage


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A self-contained question with its level.

    ``rewriting`` says how a model's rewriting of the question ended, which spent ``usage``; None
    without one.
    """

    text: str
    sensitivity: Sensitivity
    usage: TokenUsage | None = None
    rewriting: Outcome | None = None


def begin_rewriting(
    question: ChatMessage, history: Sequence[ChatMessage], model: OfferedModel
) -> Rewriting | None:
    """Return the rewriting by which ``write_search_query`` will begin; None without one."""
    if not _is_rewritten(question, history) or model.backend is None:
        return None
    prompt = rewrite_prompt(question, history)
    return Rewriting(TokenUsage(estimate_prompt_tokens(prompt), 0, estimated=True))


def _is_rewritten(question: ChatMessage, history: Sequence[ChatMessage]) -> bool:
    return bool(history) and depends_on_conversation(question.content)


async def write_search_query(
    question: ChatMessage,
    history: Sequence[ChatMessage],
    model: OfferedModel,
    *,
    asker: Asker = NOBODY,
) -> SearchQuery:
    """Return a self-contained form of the question.

    ``history`` is the turns before it that the model may receive, in order. The model is called if
    a backend has a free slot, with the timeout ``REWRITE_TIMEOUT_S``: readers wait in a queue once,
    for the answer. Its tokens are counted even if its answer is late or not used. Never raises
    InferenceError.
    """
    if not _is_rewritten(question, history):
        return SearchQuery(question.content, question.sensitivity)
    level = Sensitivity.highest(turn.sensitivity for turn in (question, *history))
    if model.backend is None:
        return SearchQuery(_joined(question.content, history), level)
    prompt = rewrite_prompt(question, history)
    text, usage, outcome = "", None, Outcome.FAILED
    try:
        async with asyncio.timeout(REWRITE_TIMEOUT_S):
            completion = await whole_answer(
                stream_answer(
                    model,
                    prompt,
                    max_tokens=_REWRITE_TOKENS,
                    temperature=0.0,
                    asker=asker,
                    may_wait=False,
                )
            )
        text, usage, outcome = completion.text, completion.usage, Outcome.COMPLETE
    except (NoFreeSlot, NotCleared) as error:
        logger.info("the question was not rewritten: %s", error)
        return SearchQuery(_joined(question.content, history), level)
    except InferenceError as error:
        logger.warning("the question was not rewritten: %s", error)
        usage = error.usage
    except TimeoutError:
        logger.warning("the question was not rewritten in %s s", REWRITE_TIMEOUT_S)
        # The model has probably read the prompt.
        usage = TokenUsage(estimate_prompt_tokens(prompt), 0, estimated=True)
    return SearchQuery(rewritten(text, question, history), level, usage, outcome)


def rewritten(text: str, question: ChatMessage, history: Sequence[ChatMessage]) -> str:
    """Return what a model wrote, or the question with those before it if that is no question."""
    return _plausible(text, question.content) or _joined(question.content, history)


def _plausible(text: str, question: str) -> str:
    """Return the text of the model, or "" unless it is a single question."""
    line = text.strip().strip('"«»').strip()
    return line if line and "\n" not in line and len(line) <= 4 * len(question) + 200 else ""


def _joined(question: str, history: Sequence[ChatMessage]) -> str:
    """Prepend the last self-contained question, and those after it."""
    context: list[str] = []
    for turn in reversed(history):
        if turn.role != "user":
            continue
        context.insert(0, turn.content)
        if not depends_on_conversation(turn.content):
            break
    return f"{' '.join(context)[-_MAX_CONTEXT_CHARS:]} {question}"
