"""The audit log: nobody changes it, and those whom it concerns read, search and export it."""

import csv
import io
import json
from datetime import date, timedelta

import pytest
from asgiref.sync import sync_to_async
from django.db import DatabaseError, connection, connections, transaction
from django.urls import reverse
from django.utils import timezone, translation

from instances import audit
from instances.audit import Action, reading
from instances.audit.reading import Place, Search, read_batches, read_page
from instances.audit.sentences import SENTENCES, details, sentence
from instances.levels import Level
from instances.models import AuditEntry
from instances.tenancy import administering, overseeing, tenant
from tests.cast import make_cast
from tests.factories import OrganisationAdministratorFactory, UserFactory

CHANGES = [
    "UPDATE instances_auditentry SET actor_name = 'nobody'",
    "DELETE FROM instances_auditentry",
    "TRUNCATE instances_auditentry",
]


@pytest.mark.parametrize("statement", CHANGES, ids=lambda statement: statement.split()[0])
def test_the_application_changes_no_entry(cast, statement):
    audit.record(Action.INSTANCE_ARCHIVED, instance=cast.instance)
    with pytest.raises(DatabaseError), overseeing(), connection.cursor() as cursor:
        cursor.execute(statement)
    with overseeing():
        assert AuditEntry.objects.get().action == "instance.archived"


@pytest.mark.django_db(transaction=True, databases=["default", "owner"])
@pytest.mark.parametrize("statement", CHANGES[:2], ids=lambda statement: statement.split()[0])
def test_nor_does_the_owner_of_the_tables(statement):
    audit.record(Action.OPERATOR_ADDED, target="ada")
    with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        cursor.execute("SET LOCAL ragapp.operator = 'on'")
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic("owner"):
            cursor.execute(statement)


def test_each_level_sees_its_own_part(cast):
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


def test_details_are_words():
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
    assert shown["Switched on"] == "no"
    assert str(until.year) in shown["Until"]
    assert "T" not in shown["Until"].split(",")[0]
    assert shown["Affiliations"] == "Staff, Teaching staff"
    assert shown["unknown"] == "a: b"


def test_pages_follow_one_another_without_a_gap(cast):
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


def test_a_search_looks_at_so_much_for_a_page_and_goes_on(cast, monkeypatch):
    monkeypatch.setattr(reading, "LOOKED_THROUGH_PER_PAGE", 10)
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
def test_a_place_that_makes_no_sense_is_the_beginning(text):
    assert Place.parse(text) is None


def test_the_log_is_searched(cast, client_for):
    ada = UserFactory(username="ada", first_name="Ada", last_name="Lovelace")
    with audit.speaking_for(audit.Origin(user=ada, address="192.0.2.1")):
        audit.record(Action.MEMBER_ADDED, instance=cast.instance, target="Bob Martin")
    audit.record(Action.INSTANCE_ARCHIVED, instance=cast.instance)
    owner, path = client_for(cast.owner), reverse("administration:instance_audit", args=["law"])

    def shown(**query):
        page = owner.get(path, query)
        return [one["entry"].action for one in page.context["entries"]]

    assert shown() == ["instance.archived", "member.added"]
    assert shown(person="lovelace") == shown(person="Martin bob") == ["member.added"]
    assert shown(action="instance.archived") == ["instance.archived"]
    today = timezone.localdate()
    assert len(shown(since=today, until=today)) == 2
    assert shown(until=today - timedelta(days=1)) == []
    assert len(shown(since="0001-01-01", until="9999-12-31")) == 2
    assert shown(person="\0") == []
    assert len(shown(since="yesterday", action="nonsense", after="nonsense")) == 2
    text = owner.get(path).text
    assert f"Ada Lovelace (ada, no. {ada.pk}) added Bob Martin to Faculté de droit." in text
    assert "The site itself archived Faculté de droit." in text
    assert "from 192.0.2.1" in text


@pytest.fixture
def logged(transactional_db):
    """The cast, an entry with a formula in it, and who may read what."""
    cast = make_cast()
    audit.record(Action.MEMBER_ADDED, instance=cast.instance, target='=HYPERLINK("x")', role="é")
    audit.record(Action.MEMBER_ADDED, instance=cast.other_instance, target="elsewhere")
    organisation = cast.instance.organisation
    dean = OrganisationAdministratorFactory(organisation=organisation).user
    operator = UserFactory(is_staff=True)
    paths = {
        "instance": (
            cast.owner,
            reverse("administration:instance_audit_export", args=["law", "csv"]),
        ),
        "organisation": (
            dean,
            reverse("administration:organisation_audit_export", args=[organisation.slug, "csv"]),
        ),
        "site": (operator, reverse("administration:site_audit_export", args=["csv"])),
    }
    return cast, paths


async def body(response):
    return b"".join([piece async for piece in response.streaming_content]).decode()


@pytest.mark.parametrize("level", ["instance", "organisation", "site"])
async def test_each_level_is_exported_and_that_is_told(logged, async_client_for, level):
    _cast, paths = logged
    person, path = paths[level]
    client = await sync_to_async(async_client_for)(person)
    response = await client.get(path)
    assert response["Content-Disposition"].startswith("attachment")
    text = await body(response)
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert rows[0]["action"] == "log.exported"
    targets = {row["target"] for row in rows[1:]}
    assert targets == {'\'=HYPERLINK("x")'} | ({"elsewhere"} if level == "site" else set())
    lines = await body(await client.get(path.replace(".csv", ".jsonl"), {"action": "member.added"}))
    entries = [json.loads(line) for line in lines.splitlines()]
    assert {entry["action"] for entry in entries} == {"member.added"}
    assert entries[-1]["detail"] == {"role": "é"} or level == "site"
    assert (await client.get(path.replace(".csv", ".exe"))).status_code == 404


@pytest.mark.parametrize("person", ["editor", "teammate"])
def test_members_do_not_read_the_log(cast, client_for, person):
    path = reverse("administration:instance_audit", args=["law"])
    assert client_for(getattr(cast, person)).get(path).status_code == 403


def test_days_are_those_of_the_site(cast, settings):
    audit.record(Action.INSTANCE_ARCHIVED, instance=cast.instance)
    with tenant(cast.instance):
        page = read_page(Level(instance=cast.instance), Search(until=date(2020, 1, 1)))
    assert page.entries == []
