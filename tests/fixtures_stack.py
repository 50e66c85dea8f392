"""A whole ragapp, started by ``./run``, with a language model that takes its time."""

from collections.abc import Iterator

import pytest

from bench.stack import Stack, running_stack
from tests.scripted_llm import ScriptedLLM, paced

ANSWER_TOKENS = 40
# About eight seconds: long enough to be killed in the middle.
SLOW_LLM = paced(first_token_s=0.2, tokens=ANSWER_TOKENS, interval_s=0.2)
# So that a person soon has as many under way as they may.
FEW_ANSWERS = {"ANSWERS_AT_ONCE_PER_PERSON": "3"}


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    """Every process of ragapp, for all the tests of a package."""
    with (
        ScriptedLLM(SLOW_LLM) as llm,
        running_stack(llm_base_url=llm.base_url, env=FEW_ANSWERS) as running,
    ):
        yield running
