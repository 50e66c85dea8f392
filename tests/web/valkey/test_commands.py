"""Commands that are sent to Valkey without redis-py's pool."""

import pytest
from django.core.cache import cache
from redis import Redis
from redis.exceptions import RedisError, ResponseError

from web.valkey import commands
from web.valkey.commands import run_command

pytestmark = pytest.mark.skipif(
    not hasattr(cache, "client"), reason="CACHE_URL is not set: no Valkey"
)


@pytest.fixture
def valkey() -> Redis:
    return cache.client()


def resting(server: Redis) -> int:
    return len(commands._resting[server.connection_pool])


def test_connection_is_used_again_also_after_an_error(valkey: Redis) -> None:
    run_command(valkey, "SET", "test:commands", b"1")
    n_resting = resting(valkey)
    assert run_command(valkey, "GET", "test:commands") == b"1"
    with pytest.raises(ResponseError):
        run_command(valkey, "LPUSH", "test:commands", "2")
    assert run_command(valkey, "INCRBY", "test:commands", 4) == 5
    assert resting(valkey) == n_resting


def test_connection_that_the_server_has_closed_is_replaced(valkey: Redis) -> None:
    number = run_command(valkey, "CLIENT", "ID")
    assert valkey.client_kill_filter(_id=number) == 1
    assert run_command(valkey, "CLIENT", "ID") != number


def test_server_that_cannot_be_reached_is_an_error() -> None:
    with pytest.raises(RedisError):
        run_command(Redis(port=1), "GET", "x")


def test_cache_reads_what_it_has_written() -> None:
    cache.set("test:commands", {"a": (1, None)}, timeout=60)
    assert cache.get("test:commands") == {"a": (1, None)}
    assert cache.get("test:absent", 7) == 7
