"""A site with documents, and another one, empty, into which its backup is restored."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.files.storage import default_storage
from django.db import connection
from moto.server import ThreadedMotoServer
from psycopg.conninfo import make_conninfo

from ingestion.models import Document
from ingestion.storing.stored_files import store_file
from instances.models import Instance
from instances.tenancy import tenant
from ragapp.backup import dumps
from tests.factories import InstanceFactory


@dataclass
class Site:
    """The site of a test; ``elsewhere`` is another one during a ``with`` block."""

    settings: Any
    instance: Instance
    folder: Path

    def store(self, name: str, text: str) -> Document:
        """Upload a document."""
        with tenant(self.instance):
            content = BytesIO(text.encode())
            return store_file(instance=self.instance, user=None, name=name, content=content)[0]

    def stored(self) -> dict[str, str]:
        """The texts of the stored files, by name."""
        root: Path = self.settings.MEDIA_ROOT
        found = (path for path in root.rglob("*") if path.is_file())
        return {path.relative_to(root).as_posix(): path.read_text() for path in found}

    def rows(self) -> dict[str, int]:
        """The rows by table."""
        with psycopg.connect(self.settings.BACKUP_DATABASE_URL) as superuser:
            return dumps.count_rows(superuser)

    @contextmanager
    def elsewhere(self) -> Iterator[None]:
        """An empty database and an empty directory."""
        before = self.settings.BACKUP_DATABASE_URL, self.settings.MEDIA_ROOT, self.settings.DATA_DIR
        with dumps.scratch_database() as name:
            self.settings.BACKUP_DATABASE_URL = make_conninfo(before[0], dbname=name)
            self.settings.MEDIA_ROOT = self.settings.DATA_DIR = self.folder / name
            self.settings.MEDIA_ROOT.mkdir()
            try:
                yield
            finally:
                (
                    self.settings.BACKUP_DATABASE_URL,
                    self.settings.MEDIA_ROOT,
                    self.settings.DATA_DIR,
                ) = before


@pytest.fixture
def bucket(site: "Site", settings: Any) -> Iterator[Any]:
    """Files are in a bucket of a real S3 server, below a prefix."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    options = {
        "bucket_name": "university",
        "endpoint_url": f"http://{host}:{port}",
        "region_name": "us-east-1",
        "access_key": "key",
        "secret_key": "secret",
        "location": "ragapp",
    }
    backend = "ingestion.storing.object_storage.ObjectStorage"
    settings.STORAGES = settings.STORAGES | {"default": {"BACKEND": backend, "OPTIONS": options}}
    bucket = default_storage.bucket  # type: ignore[attr-defined]
    bucket.create()
    yield bucket
    server.stop()


@pytest.fixture
def site(transactional_db: None, settings: Any, tmp_path: Path) -> Site:
    """A site with two documents."""
    name = str(connection.settings_dict["NAME"])
    settings.BACKUP_DATABASE_URL = make_conninfo(settings.BACKUP_DATABASE_URL, dbname=name)
    settings.DATA_DIR = tmp_path / "data"
    settings.SAML_KEYS_DIR = tmp_path / "data" / "saml"
    settings.SAML_KEYS_DIR.mkdir(parents=True)
    (settings.DATA_DIR / "secrets.json").write_text('{"secret_key": "a-key"}')
    site = Site(settings, InstanceFactory(slug="library", name="Bibliothèque"), tmp_path)
    site.store("one.txt", "The first text.")
    site.store("two.txt", "The second text.")
    return site
