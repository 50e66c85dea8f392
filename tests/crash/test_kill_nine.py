"""Kill each process with -9 during the ingestion of thirty files and during an answer.

One ``./run`` for all tests: each adds thirty files.
"""

import json
import signal
from collections.abc import Callable
from uuid import UUID

import pytest

from bench.stack import Stack
from tests.crash.conftest import FollowedAnswer, api_answer, post_until
from tests.crash.library import (
    check_nothing_lost_nothing_doubled,
    upload,
    wait_until_settled,
    wait_until_under_way,
)
from tests.fixtures.stack import ANSWER_TOKENS

pytestmark = pytest.mark.crash

Ask = Callable[[], FollowedAnswer]

# The killed processes.
VICTIMS = {
    "workers": ("worker-parse", "worker-embed"),
    "models": ("models",),
    "broker": ("valkey",),
    "database": ("postgres",),
}


_USAGE = """
import json
from instances.models import Instance
from instances.tenancy import tenant
from usage.models import UsageRecord
with tenant(Instance.objects.get(slug="{slug}")):
    records = UsageRecord.objects.filter(request_id="{answer_id}", kind="{kind}")
    print(json.dumps(list(records.values_list("outcome", "completion_tokens", "tokens_estimated"))))
"""


def usage_of(
    stack: Stack, answer_id: UUID | str, kind: str = "answer"
) -> list[tuple[str, int, bool]]:
    """The records of what an answer cost: status, tokens, and whether they are estimated."""
    said = stack.shell(_USAGE.format(slug=stack.tenancy.slug, answer_id=answer_id, kind=kind))
    return [tuple(record) for record in json.loads(said)]


@pytest.fixture(scope="module")
def batches(stack: Stack) -> list[str]:
    """The batches uploaded so far: the first one is there before anything is killed."""
    upload(stack, "calme")
    wait_until_settled(stack)
    check_nothing_lost_nothing_doubled(stack, ["calme"])
    return ["calme"]


@pytest.mark.parametrize("victim", VICTIMS)
def test_ingestion_and_answer_complete_after_process_is_killed(
    stack: Stack, batches: list[str], ask: Ask, victim: str
) -> None:
    """Nothing is lost or duplicated, and the answer is complete."""
    upload(stack, victim)
    batches.append(victim)
    wait_until_under_way(stack)
    answer = ask()
    answer.wait_for_words()

    for name in VICTIMS[victim]:
        stack.kill(name)

    done = answer.wait_until_done()
    assert done["status"] == "complete"
    assert done["content"].count("mot") == ANSWER_TOKENS
    assert answer.error is None
    wait_until_settled(stack)
    stack.wait_ready()
    check_nothing_lost_nothing_doubled(stack, batches)


@pytest.mark.parametrize(
    ("number", "code", "api_outcome"),
    # A killed process, which comes last, leaves its places taken for a while.
    [(signal.SIGTERM, "shut_down", "stopped"), (signal.SIGKILL, "interrupted", "failed")],
    ids=["stopped", "killed"],
)
def test_answers_are_closed_after_web_process_ends(
    stack: Stack, batches: list[str], ask: Ask, number: signal.Signals, code: str, api_outcome: str
) -> None:
    """An answer ends as interrupted, with its text and usage so far, and can be retried.

    An answer of the API has its usage record, too: as one whose client has left, if the process
    could end its response.
    """
    answer = ask()
    with api_answer(stack) as api_answer_id:
        answer.wait_for_words(10)
        stack.kill("web", number)

    done = answer.wait_until_done()
    assert done["status"] == "failed"
    assert 0 < done["content"].count("mot") < ANSWER_TOKENS
    assert answer.error is not None
    assert answer.error["code"] == code
    assert answer.error["retryable"]
    stack.wait_ready()
    browser_answer_id = answer.events_url.split("/")[-3]
    for answer_id, outcome in ((browser_answer_id, "failed"), (api_answer_id, api_outcome)):
        ((status, completion_tokens, is_estimated),) = usage_of(stack, answer_id)
        assert (status, is_estimated) == (outcome, True)
        assert 0 < completion_tokens < ANSWER_TOKENS
        assert [search[0] for search in usage_of(stack, answer_id, "embedding")] == ["complete"]
    check_nothing_lost_nothing_doubled(stack, batches)


def test_killed_web_process_releases_its_answer_slots(stack: Stack, batches: list[str]) -> None:
    """After the process died, a person who had reached the limit of answers can ask again."""
    post_until(stack, 429)

    stack.kill("web")

    stack.wait_ready()
    post_until(stack, 201)
