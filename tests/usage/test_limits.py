"""Places shared by processes: taken together or not at all, renewed, freed by whoever is killed."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from tests.fixtures.waiting import wait_until
from usage import limits
from usage.limits import Limit

TWO = Limit("two", 2, 60.0)
THREE = Limit("three", 3, 60.0)
SHORT_S = 0.3


@pytest.fixture(params=["valkey", "process", "cache away"])
def counted_in(request: pytest.FixtureRequest, settings: Any) -> Iterator[str]:
    """Where places are counted."""
    if request.param == "process":
        settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    elif request.param == "cache away":
        settings.CACHES = {
            "default": {
                "BACKEND": "web.valkey.cache.FailOpenRedisCache",
                "LOCATION": "redis://127.0.0.1:9/0",
            }
        }
    yield request.param
    limits._local._ends.clear()


def take(entry: str, *places: Limit) -> Limit | None:
    full = limits.take(entry, places)
    return full.limit if full else None


def test_limit_is_applied_until_a_place_is_released(counted_in: str) -> None:
    assert [take(entry, TWO) for entry in "abc"] == [None, None, TWO]
    limits.release("a", [TWO])
    assert [take(entry, TWO) for entry in "cd"] == [None, TWO]


def test_places_are_taken_under_all_limits_or_none(counted_in: str) -> None:
    for entry in "ab":
        assert take(entry, THREE, TWO) is None
    assert take("c", THREE, TWO) == TWO
    assert [take(entry, THREE) for entry in "de"] == [None, THREE]


def test_entry_expires_unless_renewed(counted_in: str) -> None:
    short = Limit("short", 2, SHORT_S)
    long = Limit("short", 2, 60.0)
    assert [take("renewed", short), take("left", short)] == [None, None]
    limits.renew("renewed", [long])
    wait_until(lambda: take("next", long) is None)
    assert take("one more", long) == long


def test_wait_is_the_time_until_the_first_entry_expires(counted_in: str) -> None:
    take("first", Limit("minute", 1, 60.0))
    full = limits.take("second", [Limit("minute", 1, 60.0)])
    assert full is not None
    assert 0 < full.first_ends_in_s <= 60


def test_renewal_restores_a_place_that_the_cache_lost() -> None:
    take("a", TWO)
    cache.clear()
    limits.renew("a", [TWO])
    assert [take(entry, TWO) for entry in "bc"] == [None, TWO]


HOLDER = f"""
import sys, time
import django
django.setup()
from usage import limits
from usage.limits import Limit
held = Limit("held", 2, {SHORT_S})
assert [limits.take(entry, [held]) for entry in "ab"] == [None, None]
print("held", flush=True)
while True:
    for entry in "ab":
        limits.renew(entry, [held])
    time.sleep({SHORT_S} / 10)
"""


def test_places_of_a_killed_process_expire() -> None:
    held = Limit("held", 2, SHORT_S)
    holder = subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "held\n"
        assert take("c", held) == held
        holder.send_signal(signal.SIGKILL)
        holder.wait(timeout=10)
        wait_until(lambda: take("c", held) is None)
    finally:
        holder.kill()
