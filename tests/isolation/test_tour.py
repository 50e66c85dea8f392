"""Every statement that the product sends, sent again in another tenant's name, shows nothing.

A tour of the product records what it does; what is proved here holds for a page written tomorrow
without a word in this file, as the tour finds pages, operations and tasks by walking.
"""

import re

import pytest
from asgiref.sync import async_to_sync
from django.core.cache import cache

from instances.models import Instance
from tests.cast import Cast
from tests.factories import InstanceFactory, OrganisationAdministratorFactory, UserFactory
from tests.isolation.recording import Recorder, RecordingCache, RecordingStorage
from tests.isolation.replaying import (
    TENANT_TABLES,
    leak_of,
    tables_of,
    verb_of,
    worth_replaying,
)
from tests.isolation.tour import go_everywhere, operations
from tests.site_map import TENANT_PAGES

# Keys of the cache that belong to the site and not to a tenant, and why they may.
SHARED_KEYS = {
    r"metrics-documents": "numbers of the whole site",
    r"allauth:rl:.*": "attempts to log in, by address or person",
}
# What a person may read of any instance: its rules, by which they are let in or not.
PUBLIC = {"another person": {"instances_accessrule"}}


@pytest.fixture
def recorder(library: Cast, settings) -> Recorder:
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
    OrganisationAdministratorFactory(organisation=library.instance.organisation, user=library.owner)
    library.owner.is_staff = True
    library.owner.save()
    recorder = Recorder()
    with recorder.installed():
        async_to_sync(go_everywhere)(recorder, library)
    cache.clear()
    return recorder


@pytest.fixture
def nobodies(recorder: Recorder) -> dict[str, dict[str, str]]:
    """Settings under which nothing of the tour's instance may be seen."""
    empty = InstanceFactory()
    return {
        "nobody": {},
        "another instance": {"ragapp.instance": str(empty.pk)},
        "another person": {"ragapp.user": str(UserFactory().pk)},
        "another organisation": {"ragapp.organisation": str(empty.organisation_id)},
        "another key": {"ragapp.key": "0" * 64},
    }


def test_no_replayed_statement_returns_rows_of_another_tenant(
    library: Cast, recorder: Recorder, nobodies: dict[str, dict[str, str]]
) -> None:
    leaks = [
        f"{statement.place} as {name}: {leak} in {statement.sql[:300]}"
        for statement in worth_replaying(recorder.statements)
        for name, settings in nobodies.items()
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
    assert written >= TENANT_TABLES, f"tables never written: {TENANT_TABLES - written}"


def _assert_that_keys_and_files_name_their_instance(instance: Instance) -> None:
    known = [*SHARED_KEYS, rf".*\b(instance|i)[:-]{instance.pk}\b.*"]
    keys = {key for key in RecordingCache.written if not any(re.fullmatch(k, key) for k in known)}
    assert keys == set(), "keys of the cache that name no instance"
    assert RecordingStorage.touched
    foreign = {name for name in RecordingStorage.touched if not name.startswith(f"{instance.pk}/")}
    assert foreign == set(), "files outside the instance's directory"
