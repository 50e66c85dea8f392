"""Every statement that the product sends returns no rows when repeated as another tenant.

A tour of the product records its statements. It finds pages, operations and tasks by itself, so
that new ones are covered without a change in this file.
"""

import re
from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.core.cache import cache
from django.utils import timezone

from ingestion.indexing.generations import active_index
from ingestion.indexing.shards import building
from ingestion.models import Document
from instances.models import Instance
from instances.tenancy import tenant
from retrieval import candidates
from tests.cast import Cast
from tests.factories import InstanceFactory, OrganisationAdministratorFactory, UserFactory
from tests.isolation.recording import Recorder, RecordingCache, RecordingStorage
from tests.isolation.replaying import (
    TENANT_TABLES,
    leak_of,
    statements_to_replay,
    tables_of,
    verb_of,
)
from tests.isolation.tour import operations, visit_everything
from tests.site_map import TENANT_PAGES

# Cache keys of the whole site, and the reason for each.
SHARED_KEYS = {
    r"inference:catalogue": "the version of the rows of models",
    r"inference:health:.*": "the state of backends",
    r"inference:job_servers:.*": "the servers of the jobs of a backend",
    r"subjects:.*": "the classifier of the embedding model, trained with examples of the project",
    r"beat-heard": "when a periodic task ran last",
    r"metrics-of-database": "numbers of the whole site",
    r"allauth:rl:.*": "attempts to log in, by address or person",
}
# What a person may read of any instance: its access rules.
PUBLIC = {"another person": {"instances_accessrule"}}

# Tables that a trigger writes, with the rows of another one.
WRITTEN_BY_TRIGGERS = {"usage_pendingusage"}


@pytest.fixture
def indexed(library: Cast, monkeypatch: pytest.MonkeyPatch) -> Cast:
    """The library's cast, with an instance that has an index, as large ones have."""
    monkeypatch.setattr(building, "EXACT_CHUNKS", 1)
    monkeypatch.setattr(candidates, "EXACT_CHUNKS", 1)
    with tenant(library.instance):
        long_ago = timezone.now() - timedelta(days=2)
        Document.objects.for_instance(library.instance).update(finished_at=long_ago)
    return library


@pytest.fixture
def recorder(indexed: Cast, settings) -> Recorder:
    """What the product did on a tour through the library's instance."""
    settings.CACHES = {"default": {"BACKEND": "tests.isolation.recording.RecordingCache"}}
    # The tour makes a key for each call.
    settings.API_KEYS_PER_INSTANCE = 10_000
    settings.STORAGES = settings.STORAGES | {
        "default": {"BACKEND": "tests.isolation.recording.RecordingStorage"}
    }
    RecordingCache.written.clear()
    RecordingStorage.touched.clear()
    UserFactory(username="newcomer")
    OrganisationAdministratorFactory(organisation=indexed.instance.organisation, user=indexed.owner)
    indexed.owner.is_staff = True
    indexed.owner.save()
    recorder = Recorder()
    with recorder.installed():
        with recorder.at("ingestion.tasks.build_shards"):
            assert building.build(indexed.instance.pk, active_index(indexed.instance)) > 0
        async_to_sync(visit_everything)(recorder, indexed)
    cache.clear()
    return recorder


@pytest.fixture
def settings_without_access(recorder: Recorder) -> dict[str, dict[str, str]]:
    """Settings under which no row of the tour's instance may be visible."""
    empty = InstanceFactory()
    return {
        "nobody": {},
        "another instance": {"ragapp.instance": str(empty.pk)},
        "another person": {"ragapp.user": str(UserFactory().pk)},
        "another organisation": {"ragapp.organisation": str(empty.organisation_id)},
        "another key": {"ragapp.key": "0" * 64},
    }


def test_no_replayed_statement_returns_rows_of_another_tenant(
    library: Cast, recorder: Recorder, settings_without_access: dict[str, dict[str, str]]
) -> None:
    leaks = [
        f"{statement.place} as {name}: {leak} in {statement.sql[:300]}"
        for statement in statements_to_replay(recorder.statements)
        for name, settings in settings_without_access.items()
        if (leak := leak_of(statement, settings, PUBLIC.get(name, ())))
    ]
    assert not leaks, "\n".join(leaks)
    _assert_that_the_tour_went_everywhere(recorder)
    _assert_that_keys_and_files_name_their_instance(library.instance)


def _assert_that_the_tour_went_everywhere(recorder: Recorder) -> None:
    on_tenants = [statement for statement in recorder.statements if tables_of(statement)]
    visited = {statement.place for statement in on_tenants}
    assert {page.name for page in TENANT_PAGES} - visited == set(), "pages without a statement"
    wanted = {f"{operation.methods[0]} {path}" for path, operation in operations()}
    assert wanted - visited == set(), "operations without a statement"
    read = {table for statement in on_tenants for table in tables_of(statement)}
    assert read >= TENANT_TABLES, f"tables never touched: {TENANT_TABLES - read}"
    written = {
        table
        for statement in on_tenants
        if verb_of(statement) != "SELECT"
        for table in tables_of(statement)
    }
    wanted_tables = TENANT_TABLES - WRITTEN_BY_TRIGGERS
    assert written >= wanted_tables, f"tables never written: {wanted_tables - written}"


def _assert_that_keys_and_files_name_their_instance(instance: Instance) -> None:
    known = [*SHARED_KEYS, rf".*\b(instance|i)[:-]{instance.pk}\b.*"]
    keys = {key for key in RecordingCache.written if not any(re.fullmatch(k, key) for k in known)}
    assert keys == set(), "keys of the cache that name no instance"
    assert RecordingStorage.touched
    foreign = {name for name in RecordingStorage.touched if not name.startswith(f"{instance.pk}/")}
    assert foreign == set(), "files outside the instance's directory"
