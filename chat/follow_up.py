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

from chat.prompts import rewrite_prompt
from inference.catalogue import LanguageModel
from inference.chat.backend import ChatMessage
from inference.chat.client import complete_chat
from inference.errors import InferenceError

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


async def self_contained_question(
    question: str, history: Sequence[ChatMessage], model: LanguageModel
) -> str:
    """Return the question as retrieval should see it; ``history`` is the turns before, in order."""
    if not history or not depends_on_conversation(question):
        return question
    if model.backend is not None:
        try:
            async with asyncio.timeout(REWRITE_TIMEOUT_S):
                completion = await complete_chat(
                    model.backend,
                    rewrite_prompt(question, history),
                    max_tokens=_REWRITE_TOKENS,
                    temperature=0.0,
                )
        except (InferenceError, TimeoutError) as error:
            logger.warning("the question was not rewritten: %s", error)
        else:
            if rewritten := _plausible(completion.text, question):
                return rewritten
    return _joined(question, history)


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
