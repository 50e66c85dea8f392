"""What ``./manage`` adds for backups: a role that sees every row, and a later migration."""

import psycopg
import pytest

from launcher.application.environment import Embedded, backup_environment
from launcher.application.schema import forget_migrations
from launcher.configuration.credentials import load_credentials
from launcher.configuration.data_dir import DataDir
from launcher.services.embedded import running_services, service_environment

EMBEDDED = Embedded(database=True, broker=True, models_port=1, llm_port=None)


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BACKUP_DATABASE_URL", raising=False)


@pytest.mark.usefixtures("nothing_left")
def test_role_of_backups_is_not_subject_to_row_security(data: DataDir) -> None:
    credentials = load_credentials(data)
    with running_services(data, credentials):
        url = backup_environment(data, credentials, EMBEDDED)["BACKUP_DATABASE_URL"]
        assert url not in service_environment(data, credentials).values()
        with psycopg.connect(url) as connection:
            found = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
            assert found.fetchone() == (True,)


def test_role_of_operators_own_database_is_theirs(
    data: DataDir, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BACKUP_DATABASE_URL", "postgresql://backup@db.example/ragapp")
    found = backup_environment(data, load_credentials(data), EMBEDDED)
    assert found == {"BACKUP_DATABASE_URL": "postgresql://backup@db.example/ragapp"}


def test_restored_database_is_migrated_at_the_next_start(data: DataDir) -> None:
    data.postgres.mkdir()
    stamp = data.postgres / "ragapp-migrated"
    stamp.touch()
    forget_migrations(data)
    assert not stamp.exists()
    forget_migrations(data)
