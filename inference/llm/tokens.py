"""Estimates the number of tokens of a text, without the tokenizer of a model.

For budgets, and for usage that a backend does not report (always marked as estimated). Tokenizers
differ between backends, and need much memory in each web process. Measured on
60 passages each: French 1.05 to 1.13 of XLM-R's count and 0.79 of SmolLM2's (an English
vocabulary), English 1.12 and 1.19, Spanish 1.08 and 0.74, Markdown 0.98 and 1.10, Python 0.97 and
1.09.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from inference.llm.backend import ChatMessage

# Each match is a token: at most five letters of a Latin word, four of another alphabet, or three
# digits.
# Counting matches is twice as fast as measuring words one by one.
TOKEN = re.compile(
    r"[A-Za-zÀ-ÖØ-öø-\u024f]{1,5}"
    r"|\d{1,3}"
    r"|[\u2e80-\U0010ffff]"  # ideograms and what follows them, one by one
    r"|[^\W\d_]{1,4}"
    r"|[^\w\s]|_"
)
TOKENS_AROUND_A_MESSAGE = 4


# Texts that are not shorter are those of passages and prompts, which are estimated several times.
_LONG_CHARS = 200


def estimate_tokens(text: str) -> int:
    """Return the approximate number of tokens of `text`."""
    return len(TOKEN.findall(text)) if len(text) < _LONG_CHARS else _tokens_of_long(text)


def estimate_prompt_tokens(messages: Sequence[ChatMessage]) -> int:
    """Return the approximate number of tokens of a prompt, including the chat template."""
    return sum(
        TOKENS_AROUND_A_MESSAGE + (each.n_tokens or estimate_tokens(each.content))
        for each in messages
    )


@lru_cache(maxsize=256)
def _tokens_of_long(text: str) -> int:
    return len(TOKEN.findall(text))
