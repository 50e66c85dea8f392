"""The shared cache. Its errors count as misses, and its timeouts are short.

It contains what may be lost: counts of rate limits, limits of questions (``usage.limits``),
public keys of providers. While its server cannot be reached, every read is a miss and every write
succeeds, so that people can log in (docs/decisions/021-libraries.md).
"""

import logging
from collections.abc import Callable
from functools import cache, wraps
from typing import Any

from django.core.cache.backends.redis import RedisCache, RedisCacheClient
from django.utils.functional import cached_property
from redis import Redis
from redis.exceptions import RedisError

from web.valkey.commands import run_command

logger = logging.getLogger(__name__)

_TIMEOUTS_S: dict[str, Any] = {"socket_connect_timeout": 1, "socket_timeout": 1}


def _or_else(missing: Callable[..., Any]) -> Callable[[Any], Any]:
    """Return ``missing(*arguments)`` while the server cannot be reached."""

    def decorator(method: Any) -> Any:
        @wraps(method)
        def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
            try:
                return method(self, *args, **kwargs)
            except RedisError as error:
                logger.warning("the cache does not answer: %s", error)
                return missing(*args, **kwargs)

        return wrapper

    return decorator


@cache
def _cache_of_process(server: str) -> RedisCacheClient:
    """Return the connections of this process.

    Django makes a backend for each asyncio task, and each would open connections of its own.
    """
    return RedisCacheClient([server], **_TIMEOUTS_S)


@cache
def _client_of_process(server: str) -> Redis:
    client: Redis = _cache_of_process(server).get_client(None, write=True)
    return client


class FailOpenRedisCache(RedisCache):
    """Redis or Valkey; an empty cache while the server cannot be reached."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(server, params)
        self._server = server

    def client(self) -> Redis:
        """Return the client of the server, for scripts of several commands.

        It raises RedisError while the server cannot be reached.
        """
        return _client_of_process(self._server)

    @cached_property
    def _cache(self) -> RedisCacheClient:
        return _cache_of_process(self._server)

    @_or_else(lambda key, default=None, version=None: default)
    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        """As in Django."""
        value = run_command(self.client(), "GET", self.make_and_validate_key(key, version))
        if value is None:
            return default
        return self._cache._serializer.loads(value)  # type: ignore[attr-defined]  # of Django

    get_many = _or_else(lambda *args, **kwargs: {})(RedisCache.get_many)
    set = _or_else(lambda *args, **kwargs: None)(RedisCache.set)
    add = _or_else(lambda *args, **kwargs: True)(RedisCache.add)
    delete = _or_else(lambda *args, **kwargs: False)(RedisCache.delete)
    touch = _or_else(lambda *args, **kwargs: False)(RedisCache.touch)
