"""A backup is complete, incremental, encrypted if wanted, and tells what is damaged in it."""

import os
import signal
import subprocess
import sys
import time
from io import StringIO
from pathlib import Path

import psycopg
import pyrage
import pytest
from django.contrib.sessions.models import Session
from django.core.management import CommandError, call_command
from django.utils import timezone
from psycopg.conninfo import make_conninfo

from launcher.project import ROOT
from ragapp.backup.repository import Repository
from tests.ragapp.backup.conftest import Site


def run(*arguments: str | Path) -> str:
    output = StringIO()
    call_command(*map(str, arguments), stdout=output)
    return output.getvalue()


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Where backups go."""
    return tmp_path / "backups"


@pytest.fixture
def identity(tmp_path: Path) -> tuple[str, Path]:
    """A public key, and the file of its secret key as age-keygen writes it."""
    key = pyrage.x25519.Identity.generate()
    file = tmp_path / "key.txt"
    file.write_text(f"# created: today\n# public key: {key.to_public()}\n{key}\n")
    return str(key.to_public()), file


def objects(place: Path) -> list[Path]:
    return sorted(place.glob("objects/??/*"))


def test_restored_site_is_as_it_was_whatever_came_after(site: Site, place: Path):
    Session.objects.create(session_key="of-somebody", expire_date=timezone.now())
    rows, files = site.rows(), site.stored()
    run("backup", place)
    site.store("three.txt", "Too late.")
    with site.elsewhere():
        run("restore", place)
        assert site.stored() == files
        # People log in again.
        assert site.rows() == rows | {"django_session": 0}
        with psycopg.connect(site.settings.BACKUP_DATABASE_URL) as restored:
            assert restored.execute("SELECT name FROM instances_instance").fetchall() == [
                ("Bibliothèque",)
            ]


def test_only_an_empty_site_is_restored_into(site: Site, place: Path):
    run("backup", place)
    before = site.rows()
    with pytest.raises(CommandError, match="restore into an empty one"):
        run("restore", place)
    assert site.rows() == before
    with site.elsewhere():
        run("restore", place)
        with psycopg.connect(site.settings.BACKUP_DATABASE_URL) as restored:
            restored.execute("TRUNCATE people_user, instances_instance CASCADE")
        with pytest.raises(CommandError, match="restore into an empty one"):
            run("restore", place)
        # As ./manage begins: the schema is there.
        site.settings.MEDIA_ROOT = site.settings.MEDIA_ROOT / "other"
        run("restore", place)
        assert site.rows() == before


def test_files_that_are_in_a_backup_are_not_copied_again(site: Site, place: Path):
    assert "2 files, of which 2 new" in run("backup", place)
    stored = {path: path.stat().st_mtime_ns for path in objects(place)}
    site.store("three.txt", "The third text.")
    assert "3 files, of which 1 new" in run("backup", place)
    assert stored.items() <= {path: path.stat().st_mtime_ns for path in objects(place)}.items()


def test_old_backups_and_their_files_are_deleted(site: Site, place: Path):
    run("backup", place)
    document = site.store("three.txt", "The third text.")
    (site.settings.MEDIA_ROOT / document.file.name).unlink()
    run("backup", place, "--keep", "1")
    assert len(Repository(place).snapshots()) == 1
    assert len(objects(place)) == 2


@pytest.mark.usefixtures("site")
def test_verified_backup_says_what_it_holds(place: Path):
    run("backup", place)
    assert "and 2 files are as they were" in run("verifybackup", place)


@pytest.mark.usefixtures("site")
def test_damaged_file_is_named_and_not_restored(site: Site, place: Path):
    run("backup", place)
    damaged = next(path for path in objects(place) if "first" in path.read_text())
    damaged.write_text("The First text.")
    name = next(name for name, text in site.stored().items() if "first" in text)
    for command in ("verifybackup", "restore"):
        with site.elsewhere():
            with pytest.raises(CommandError, match=f"{name}: .* is not what was stored"):
                run(command, place)
            assert site.stored() == {}


@pytest.mark.usefixtures("site")
def test_damaged_dump_is_named(place: Path):
    run("backup", place)
    dump = Repository(place).newest() / "database.dump"
    dump.write_bytes(dump.read_bytes()[:-1])
    with pytest.raises(CommandError, match=r"database\.dump: .* is not what was stored"):
        run("verifybackup", place)


def test_document_without_its_file_is_named(site: Site, place: Path):
    document = site.store("three.txt", "The third text.")
    (site.settings.MEDIA_ROOT / document.file.name).unlink()
    run("backup", place)
    with pytest.raises(CommandError, match=f"{document.file.name}: a document without its file"):
        run("verifybackup", place)


def test_encrypted_backup_needs_the_secret_key(site: Site, place: Path, identity):
    recipient, file = identity
    files = site.stored()
    run("backup", place, "--recipient", recipient)
    written = b"".join(path.read_bytes() for path in place.rglob("*") if path.is_file())
    names = "".join(str(path) for path in place.rglob("*"))
    assert b"The first text." not in written
    assert not [name for name in files if name in names or name.encode() in written]
    with pytest.raises(CommandError, match="give its secret key with --identity"):
        run("verifybackup", place)
    run("verifybackup", place, "--identity", file)
    with site.elsewhere():
        assert "restored-secrets" in run("restore", place, "--identity", file)
        restored = site.settings.DATA_DIR / "restored-secrets" / "secrets.json"
        assert restored.read_text() == '{"secret_key": "a-key"}'
        restored.unlink()
        assert site.stored() == files


def test_keys_of_the_site_are_in_no_backup_that_everybody_can_read(site: Site, place: Path):
    assert "keep SECRET_KEY" in run("backup", place)
    written = b"".join(path.read_bytes() for path in place.rglob("*") if path.is_file())
    assert b"a-key" not in written
    assert {path.stat().st_mode & 0o077 for path in place.iterdir()} == {0}
    assert site.rows()["ingestion_document"] == 2


def test_wrong_public_key_is_refused(site: Site, place: Path):
    with pytest.raises(CommandError, match="public key of age"):
        run("backup", place, "--recipient", "age1nonsense")
    assert site.rows()["ingestion_document"] == 2


def test_role_under_row_security_makes_no_backup(site: Site, place: Path):
    site.settings.BACKUP_DATABASE_URL = make_conninfo(
        site.settings.DATABASE_URL, dbname=_database(site)
    )
    with pytest.raises(CommandError, match="Nothing was backed up"):
        run("backup", place)
    assert Repository(place).snapshots() == []


def test_files_of_a_bucket_are_restored_into_a_directory(site: Site, place: Path, bucket):
    files = site.stored()
    for name, text in files.items():
        bucket.put_object(Key=f"ragapp/{name}", Body=text.encode())
    bucket.put_object(Key="of-another-program", Body=b"Not ours.")
    run("backup", place)
    assert "2 files, of which 0 new" in run("backup", place)
    site.settings.STORAGES = site.settings.STORAGES | {
        "default": {"BACKEND": "ingestion.storage.RegularFileStorage"}
    }
    with site.elsewhere():
        run("restore", place)
        assert site.stored() == files


@pytest.mark.crash
def test_killed_backup_leaves_the_former_one(site: Site, place: Path):
    run("backup", place)
    (former,) = Repository(place).snapshots()
    env = os.environ | {
        "BACKUP_DATABASE_URL": site.settings.BACKUP_DATABASE_URL,
        "MEDIA_ROOT": str(site.settings.MEDIA_ROOT),
        "DATA_DIR": str(site.settings.DATA_DIR),
    }
    site.store("three.txt", "The third text.")
    # The dump waits for this lock.
    with psycopg.connect(site.settings.BACKUP_DATABASE_URL) as other:
        other.execute("LOCK people_user IN ACCESS EXCLUSIVE MODE")
        command = [sys.executable, "manage.py", "backup", str(place)]
        process = subprocess.Popen(command, cwd=ROOT, env=env, start_new_session=True)
        deadline = time.monotonic() + 60
        while len(objects(place)) < 3 and time.monotonic() < deadline:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    assert list(place.glob("snapshots/.partial*"))
    assert Repository(place).snapshots() == [former]
    assert "2 files are as they were" in run("verifybackup", place)
    run("backup", place)
    assert list(place.glob("snapshots/.partial*")) == []
    assert "3 files are as they were" in run("verifybackup", place)


def _database(site: Site) -> str:
    with psycopg.connect(site.settings.BACKUP_DATABASE_URL) as connection:
        return connection.info.dbname
