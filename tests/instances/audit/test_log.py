"""The audit log: append-only entries; reading and search at each level."""

from datetime import date

import pytest
from django.db import DatabaseError, connection, connections, transaction
from django.utils import timezone, translation

from instances import audit
from instances.audit import Action, reading
from instances.audit.reading import Place, Search, read_batches, read_page, read_page_before
from instances.audit.sentences import SENTENCES, details, sentence
from instances.levels import Level
from instances.models import AuditEntry
from instances.tenancy import administering, overseeing, tenant

CHANGES = [
    "UPDATE instances_auditentry SET actor_name = 'nobody'",
    "DELETE FROM instances_auditentry",
    "TRUNCATE instances_auditentry",
]


@pytest.mark.parametrize("statement", CHANGES, ids=lambda statement: statement.split()[0])
def test_application_role_cannot_change_entries(cast, statement):
    audit.record(Action.INSTANCE_ARCHIVED, instance=cast.instance)
    with pytest.raises(DatabaseError), overseeing(), connection.cursor() as cursor:
        cursor.execute(statement)
    with overseeing():
        assert AuditEntry.objects.get().action == "instance.archived"


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize("statement", CHANGES[:2], ids=lambda statement: statement.split()[0])
def test_table_owner_cannot_change_entries(statement):
    audit.record(Action.OPERATOR_ADDED, target="ada")
    with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SET LOCAL ragapp.operator = 'on'")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic("owner"):
            cursor.execute(statement)


def test_each_level_sees_its_own_entries(cast):
    organisation = cast.instance.organisation
    audit.record(Action.OPERATOR_ADDED)
    audit.record(Action.ORGANISATION_CHANGED, organisation=organisation)
    audit.record(Action.INSTANCE_ARCHIVED, instance=cast.instance)
    audit.record(Action.INSTANCE_SUSPENDED, instance=cast.other_instance)

    def seen():
        return set(AuditEntry.objects.values_list("action", flat=True))

    assert seen() == set()
    with tenant(cast.instance):
        assert seen() == {"instance.archived"}
    with administering(organisation):
        assert seen() == {"organisation.changed", "instance.archived"}
    with overseeing():
        assert len(seen()) == 4


def test_every_action_has_a_sentence_in_each_language():
    assert set(SENTENCES) == set(Action.values)
    for action in Action:
        entry = AuditEntry(action=action, actor_name="Ada", target="Bob", place="Law")
        for language in ("en", "fr"):
            with translation.override(language):
                assert "%(" not in sentence(entry)


def test_details_are_translated():
    until = timezone.now()
    entry = AuditEntry(
        detail={
            "role": "editor",
            "former_role": "",
            "strictness": ["balanced", "strict"],
            "is_enabled": False,
            "until": until.isoformat(),
            "affiliations": ["staff", "faculty"],
            "unknown": {"a": ["b"]},
        }
    )
    shown = dict(details(entry))
    assert shown["Role"] == "Editor"
    assert shown["Strictness"].startswith("Balanced → Strict")
    assert shown["Enabled"] == "no"
    assert str(until.year) in shown["Until"]
    assert "T" not in shown["Until"].split(",")[0]
    assert shown["Affiliations"] == "Staff, Teaching staff"
    assert shown["unknown"] == "a: b"


def test_pagination_skips_no_entry(cast):
    audit.record_all(Action.MEMBER_LOST, map(str, range(25)), instance=cast.instance)
    level, seen, after = Level(instance=cast.instance), [], None
    with tenant(cast.instance):
        while True:
            page = read_page(level, Search(), after, size=10)
            seen += [entry.target for entry in page.entries]
            if page.next is None:
                break
            after = Place.parse(str(page.next))
    assert sorted(map(int, seen)) == list(range(25))
    batches = [len(batch) for batch in read_batches(level, Search(), size=10)]
    assert batches == [10, 10, 5]


def test_log_is_read_from_its_oldest_entry_to_the_latest(cast):
    audit.record_all(Action.MEMBER_LOST, map(str, range(25)), instance=cast.instance)
    level = Level(instance=cast.instance)
    with tenant(cast.instance):
        everything = read_page(level, Search(), size=25).entries
        oldest = read_page_before(level, Search(), size=10)
        middle = read_page_before(level, Search(), oldest.previous, size=10)
        latest = read_page_before(level, Search(), middle.previous, size=10)
        again = read_page(level, Search(), middle.next, size=10)
    assert (oldest.entries, oldest.next) == (everything[15:], None)
    assert middle.entries == everything[5:15]
    assert again.entries == oldest.entries
    # Never a page of what is left.
    assert (latest.entries, latest.previous) == (everything[:10], None)


def test_search_from_the_oldest_entry_examines_a_limited_number_per_page(cast, monkeypatch):
    monkeypatch.setattr(reading, "EXAMINED_PER_PAGE", 10)
    audit.record_all(Action.MEMBER_LOST, map(str, range(25)), instance=cast.instance)
    audit.record(Action.INSTANCE_ARCHIVED, instance=cast.instance)
    level, search, before = Level(instance=cast.instance), Search(action="instance.archived"), None
    counts = []
    with tenant(cast.instance):
        for _ in range(3):
            page = read_page_before(level, search, before)
            before = page.previous
            counts.append(len(page.entries))
    assert counts == [0, 0, 1]


def test_search_examines_a_limited_number_of_entries_per_page(cast, monkeypatch):
    monkeypatch.setattr(reading, "EXAMINED_PER_PAGE", 10)
    audit.record(Action.INSTANCE_ARCHIVED, instance=cast.instance)
    audit.record_all(Action.MEMBER_LOST, map(str, range(25)), instance=cast.instance)
    level, search, pages, after = (
        Level(instance=cast.instance),
        Search(action="instance.archived"),
        [],
        None,
    )
    with tenant(cast.instance):
        while True:
            page = read_page(level, search, after)
            pages.append(len(page.entries))
            if page.next is None:
                break
            after = page.next
    assert pages == [0, 0, 1]
    assert [len(batch) for batch in read_batches(level, search)] == [1]


@pytest.mark.parametrize("text", ["", "_", "2026-01-01_x", "2026-01-01T00:00:00_" + "0" * 32])
def test_invalid_position_is_ignored(text):
    assert Place.parse(text) is None


def test_search_days_use_the_site_time_zone(cast, settings):
    audit.record(Action.INSTANCE_ARCHIVED, instance=cast.instance)
    with tenant(cast.instance):
        page = read_page(Level(instance=cast.instance), Search(until=date(2020, 1, 1)))
    assert page.entries == []
