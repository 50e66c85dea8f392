"""Kill web processes with -9 between the reservation of a quota and its settlement."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from bench.stack import Stack
from tests.crash.conftest import QUESTION, api_answer
from tests.crash.library import files, wait_until_settled
from tests.fixtures.waiting import wait_until

pytestmark = pytest.mark.crash

N_AT_ONCE = 6

_ADD = """
from instances.models import Instance
from usage.models import Quota
instance = Instance.objects.get(slug="{slug}")
for quota in {quotas}:
    Quota.objects.create(instance=instance, per="instance", period="month", **quota)
"""
_REMOVE = """
from usage.models import Quota
Quota.objects.all().delete()
"""
_STATE = """
import json
from instances.models import Instance
from instances.tenancy import tenant
from usage.models import QuotaCounter
with tenant(Instance.objects.get(slug="{slug}")):
    found = QuotaCounter.objects.values_list("quota__measure", "used", "reserved")
    print(json.dumps({{measure: [float(used), float(left)] for measure, used, left in found}}))
"""
# As if the lease were over.
_EXPIRE = """
from datetime import timedelta
from django.utils import timezone
from instances.models import Instance
from instances.tenancy import tenant
from usage.models import QuotaCharge
from usage.tasks import expire_quota_charges
with tenant(Instance.objects.get(slug="{slug}")):
    QuotaCharge.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
expire_quota_charges()
"""


def run(stack: Stack, script: str, **values: object) -> str:
    return stack.shell(script.format(slug=stack.tenancy.slug, **values))


def counters(stack: Stack) -> dict[str, list[float]]:
    """What is used and what is reserved, by measure."""
    found: dict[str, list[float]] = json.loads(run(stack, _STATE))
    return found


@pytest.fixture
def quotas(stack: Stack) -> Iterator[None]:
    """Two requests, and tokens of which one request reserves more than half."""
    name, content = files("quotas")[0]
    with stack.api() as api:
        assert api.post("/api/v1/documents", files={"file": (name, content)}).status_code == 201
    wait_until_settled(stack)
    # Tests before have killed processes with answers under way, whose places end by themselves.
    wait_until(lambda: 200 in statuses_of_requests_at_once(stack), "an answer")
    limits = [{"measure": "requests", "amount": 2}, {"measure": "tokens", "amount": 5000}]
    run(stack, _ADD, quotas=limits)
    yield
    run(stack, _REMOVE)


def statuses_of_requests_at_once(stack: Stack) -> list[int]:
    """Ask the same through the API several times at once, and wait for the answers."""
    together = Barrier(N_AT_ONCE)

    def ask(_number: int) -> int:
        asked = {"messages": [{"role": "user", "content": QUESTION}]}
        with stack.api() as api:
            together.wait(30)
            return api.post("/v1/chat/completions", json=asked).status_code

    with ThreadPoolExecutor(N_AT_ONCE) as threads:
        return sorted(threads.map(ask, range(N_AT_ONCE)))


def test_reservation_outlives_its_process_and_expires(stack: Stack, quotas: None) -> None:
    # Long enough that what it has cost so far is recorded.
    with api_answer(stack, n_pieces=12):
        stack.kill("web")
    stack.wait_ready()
    used, reserved = counters(stack)["tokens"]
    assert (used, reserved > 0) == (0, True)
    # Of the tokens, something is left, but another request has reserved them.
    assert set(statuses_of_requests_at_once(stack)) == {429}
    assert counters(stack)["tokens"] == [used, reserved]

    run(stack, _EXPIRE)
    state = counters(stack)
    assert state["requests"] == [1, 0]
    # What the dead process has recorded of its answer.
    assert 0 < state["tokens"][0] < 5000
    assert state["tokens"][1] == 0
    # The limit of answers under way of the killed process ends by itself.
    wait_until(lambda: 200 in statuses_of_requests_at_once(stack), "an answer")
    state = counters(stack)
    assert state["requests"] == [2, 0]
    assert set(statuses_of_requests_at_once(stack)) == {429}
