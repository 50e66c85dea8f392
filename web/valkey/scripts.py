"""Lua scripts, which the server keeps: a call sends the digest of a script instead of its text."""

import hashlib
from collections.abc import Sequence
from functools import cache
from typing import Any

from redis import Redis
from redis.exceptions import NoScriptError

from web.valkey.commands import run_command


def run_script(server: Redis, script: str, keys: Sequence[str], *arguments: str | float) -> Any:
    """Run a script as one step and return its reply; raises RedisError."""
    try:
        return run_command(server, "EVALSHA", _digest(script), len(keys), *keys, *arguments)
    except NoScriptError:
        # The first call since the server started.
        return run_command(server, "EVAL", script, len(keys), *keys, *arguments)


@cache
def _digest(script: str) -> str:
    return hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
