"""Places shared by processes: taken together or not at all, renewed, freed by whoever is killed."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from usage import places
from usage.places import Limit

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
                "BACKEND": "ragapp.cache.PatientRedisCache",
                "LOCATION": "redis://127.0.0.1:9/0",
            }
        }
    yield request.param
    places._local._ends.clear()


def take(entry: str, *limits: Limit) -> Limit | None:
    full = places.take(entry, limits)
    return full.limit if full else None


def wait_for_place(entry: str, limit: Limit) -> None:
    deadline = time.monotonic() + 20
    while take(entry, limit) is not None:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_limit_holds_and_a_released_place_is_free(counted_in: str) -> None:
    assert [take(entry, TWO) for entry in "abc"] == [None, None, TWO]
    places.release("a", [TWO])
    assert [take(entry, TWO) for entry in "cd"] == [None, TWO]


def test_all_limits_are_taken_or_none(counted_in: str) -> None:
    for entry in "ab":
        assert take(entry, THREE, TWO) is None
    assert take("c", THREE, TWO) == TWO
    assert [take(entry, THREE) for entry in "de"] == [None, THREE]


def test_an_entry_ends_by_itself_unless_it_is_renewed(counted_in: str) -> None:
    short = Limit("short", 2, SHORT_S)
    long = Limit("short", 2, 60.0)
    assert [take("renewed", short), take("left", short)] == [None, None]
    places.renew("renewed", [long])
    wait_for_place("next", long)
    assert take("one more", long) == long


def test_the_wait_that_is_told_is_the_time_until_the_first_entry_ends(counted_in: str) -> None:
    take("first", Limit("minute", 1, 60.0))
    full = places.take("second", [Limit("minute", 1, 60.0)])
    assert full is not None
    assert 0 < full.first_ends_in_s <= 60


def test_a_place_that_the_cache_lost_is_taken_again_when_renewed() -> None:
    take("a", TWO)
    cache.clear()
    places.renew("a", [TWO])
    assert [take(entry, TWO) for entry in "bc"] == [None, TWO]


HOLDER = f"""
import sys, time
import django
django.setup()
from usage import places
from usage.places import Limit
held = Limit("held", 2, {SHORT_S})
assert [places.take(entry, [held]) for entry in "ab"] == [None, None]
print("held", flush=True)
while True:
    for entry in "ab":
        places.renew(entry, [held])
    time.sleep({SHORT_S} / 10)
"""


def test_a_process_killed_with_nine_frees_its_places() -> None:
    held = Limit("held", 2, SHORT_S)
    holder = subprocess.Popen([sys.executable, "-c", HOLDER], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "held\n"
        assert take("c", held) == held
        holder.send_signal(signal.SIGKILL)
        holder.wait(timeout=10)
        wait_for_place("c", held)
    finally:
        holder.kill()
