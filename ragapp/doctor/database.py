"""PostgreSQL: version, extensions, row security, migrations, clock."""

import time
from collections.abc import Iterator

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from administration.lifecycle.contents import tenant_models
from ragapp.doctor.findings import Finding, failed, ok, warning

# Of launcher/services/roles.sql.
_EXTENSIONS = ("vector", "pg_trgm", "unaccent", "btree_gin")
_OLDEST_VERSION = 150_000
_PACKAGES = {model._meta.app_label for model in tenant_models()}
# Tokens, certificates and SAML responses are valid for minutes.
_SKEW_S, _WRONG_CLOCK_S = 2.0, 60.0
_ROLE = """
SELECT current_user, rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user
"""
_TABLES = """
SELECT relname, relrowsecurity AND relforcerowsecurity,
       EXISTS (SELECT FROM pg_policy WHERE polrelid = pg_class.oid),
       pg_has_role(relowner, 'MEMBER')
  FROM pg_class WHERE oid = ANY (%s::regclass[])
"""


def server() -> Iterator[Finding]:
    """Examine the version and the extensions."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version'), current_setting('server_version_num')::int"
        )
        version, number = cursor.fetchone()
        cursor.execute(
            "SELECT extname, extversion FROM pg_extension WHERE extname = ANY (%s)",
            [list(_EXTENSIONS)],
        )
        found = dict(cursor.fetchall())
    if number < _OLDEST_VERSION:
        yield failed("PostgreSQL", f"version {version}", "Upgrade it to version 15 or later.")
    else:
        yield ok("PostgreSQL", f"version {version}, pgvector {found.get('vector', 'missing')}")
    if missing := [name for name in _EXTENSIONS if name not in found]:
        yield failed(
            "extensions of PostgreSQL",
            f"missing: {', '.join(missing)}",
            "Create them as superuser: launcher/services/roles.sql.",
        )


def row_security() -> Iterator[Finding]:
    """Examine whether row security is in force for the role of the application."""
    part = "row security"
    with connection.cursor() as cursor:
        cursor.execute(_ROLE)
        role, is_superuser, bypasses = cursor.fetchone()
        cursor.execute(_TABLES, [[model._meta.db_table for model in tenant_models()]])
        tables = cursor.fetchall()
    if is_superuser or bypasses:
        reason = "superuser" if is_superuser else "BYPASSRLS"
        yield failed(
            part,
            f"the role {role} is not subject to it ({reason})",
            "Give DATABASE_URL the role ragapp_app of launcher/services/roles.sql.",
        )
    if owned := sorted(name for name, _forced, _policy, is_owned in tables if is_owned):
        yield failed(
            part,
            f"the role {role} owns {len(owned)} tables, such as {owned[0]}, and could disable it",
            "Give DATABASE_URL another role than DATABASE_OWNER_URL (launcher/services/roles.sql).",
        )
    if open_tables := sorted(name for name, forced, policy, _ in tables if not (forced and policy)):
        yield failed(
            part,
            f"not in force for {', '.join(open_tables)}",
            "Somebody has disabled it. Stop the site; ALTER TABLE … ENABLE and FORCE ROW LEVEL"
            " SECURITY as the owner, and find out who did it.",
        )
    if not (is_superuser or bypasses or owned or open_tables):
        yield ok(part, f"in force for {role} in {len(tables)} tables of instances")


def migrations() -> Iterator[Finding]:
    """Examine whether the schema is the one of this release."""
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    unknown = set(executor.loader.applied_migrations) - set(executor.loader.disk_migrations)
    # Of packages whose migrations may also be squashed, only what is newer would matter.
    newer = sorted(f"{app}.{name}" for app, name in unknown if app in _PACKAGES)
    if missing:
        names = ", ".join(str(migration) for migration, _backwards in missing[:3])
        yield failed(
            "migrations",
            f"{len(missing)} are not applied: {names}",
            "Run ./manage migrate --database owner.",
        )
    elif newer:
        yield warning(
            "migrations",
            f"the database is of a newer release ({newer[-1]})",
            "Install that release, or restore a backup of this one.",
        )
    else:
        yield ok("migrations", "all are applied")


def clock() -> Iterator[Finding]:
    """Compare the clock of this machine with that of the database."""
    before = time.time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())::float8")
        theirs = cursor.fetchone()[0]
    # The statement ran somewhere between the two.
    after = time.time()
    skew_s = max(before - theirs, theirs - after, 0.0)
    if skew_s < _SKEW_S:
        yield ok("clock", "agrees with that of the database")
        return
    find = failed if skew_s >= _WRONG_CLOCK_S else warning
    yield find(
        "clock",
        f"differs by {skew_s:.0f} s from that of the database",
        "Synchronise both machines by NTP (timedatectl): logins by SAML fail with a wrong clock.",
    )
