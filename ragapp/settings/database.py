"""The database of the application's role, that of the tables' owner, and the cache."""

from typing import Any

import dj_database_url
from marshmallow.validate import OneOf

from ragapp.settings.environment import env
from web.postgresql.reconnection import connect_for_waiting_clients

# --- Database -------------------------------------------------------------------------------------
# `default` is the application's role: it owns nothing and cannot bypass row security.
# `owner` owns the tables: only `migrate` uses it, and it exists only where its URL is given. No
# other process needs that URL, and none should have it (docs/operations.md).
DATABASE_POOL_SIZE: int = env.int("DATABASE_POOL_SIZE", 20)
# Plans of frequent queries are kept by each connection. PgBouncer before 1.21 needs it off.
DATABASE_PREPARED_STATEMENTS: bool = env.bool("DATABASE_PREPARED_STATEMENTS", True)
# The web server sets it (ragapp.asgi); workers and commands leave it.
PROCESS_KIND: str = env.str("PROCESS_KIND", "background", validate=OneOf(["web", "background"]))
# Seconds. Somebody waits for a request; tasks and commands may take longer, and migrations (the
# owner) as long as they need. The role has limits of its own (launcher/services/roles.sql).
DATABASE_STATEMENT_TIMEOUT_S: int = env.int("DATABASE_STATEMENT_TIMEOUT_S", 20)
DATABASE_LOCK_TIMEOUT_S: int = env.int("DATABASE_LOCK_TIMEOUT_S", 10)
DATABASE_IDLE_TRANSACTION_TIMEOUT_S: int = env.int("DATABASE_IDLE_TRANSACTION_TIMEOUT_S", 60)
DATABASE_TASK_TIMEOUT_S: int = env.int("DATABASE_TASK_TIMEOUT_S", 900)


def _timeouts() -> str:
    """The limits of this kind of process, as a parameter of the connection."""
    of_requests = (
        DATABASE_STATEMENT_TIMEOUT_S,
        DATABASE_LOCK_TIMEOUT_S,
        DATABASE_IDLE_TRANSACTION_TIMEOUT_S,
    )
    limits_s = of_requests if PROCESS_KIND == "web" else (DATABASE_TASK_TIMEOUT_S,) * 3
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")
    return " ".join(f"-c {name}={limit_s}s" for name, limit_s in zip(names, limits_s, strict=True))


def _database(url: str, *, pool_size: int, timeouts: str = "") -> dict[str, Any]:
    database: dict[str, Any] = dict(dj_database_url.parse(url, engine="web.postgresql"))
    # Background threads of one process share the pool; a streaming answer holds no connection.
    # After a failed attempt to connect, the pool waits twice as long before the next one. Attempts
    # end early and begin anew, so that a query waits a second at most once the server is back.
    sizes = {"min_size": 0, "max_size": pool_size}
    limits_s = {"timeout": 10, "reconnect_timeout": 1}
    reconnection = {"reconnect_failed": connect_for_waiting_clients}
    pool = sizes | limits_s | reconnection if pool_size else False
    options = database.get("OPTIONS", {})
    if timeouts:
        # The operator's own parameters, which come last, win.
        options["options"] = f"{timeouts} {options.get('options', '')}".strip()
    # With a threshold, cursors may prepare statements; ours say which (web.postgresql.base).
    threshold = 5 if DATABASE_PREPARED_STATEMENTS else None
    database["OPTIONS"] = options | {"pool": pool, "prepare_threshold": threshold}
    return database


DATABASE_URL: str = env.str("DATABASE_URL")
DATABASE_OWNER_URL: str = env.str("DATABASE_OWNER_URL", "")
# A role that row security does not restrict: for backups alone (ragapp.backup).
BACKUP_DATABASE_URL: str = env.str("BACKUP_DATABASE_URL", "")
DATABASES = {"default": _database(DATABASE_URL, pool_size=DATABASE_POOL_SIZE, timeouts=_timeouts())}
if DATABASE_OWNER_URL:
    DATABASES["owner"] = _database(DATABASE_OWNER_URL, pool_size=0)
DATABASE_ROUTERS: list[str] = []
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Cache ----------------------------------------------------------------------------------------
# What processes share and may lose: rate limits, providers' public keys.
CACHE_URL: str = env.str("CACHE_URL", "")
CACHES: dict[str, Any] = {
    "default": {"BACKEND": "web.valkey.cache.FailOpenRedisCache", "LOCATION": CACHE_URL}
    if CACHE_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}
