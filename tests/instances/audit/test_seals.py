"""Changes of the audit log by the owner of the database are detected."""

import threading
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections, transaction

from accounts.users.erasure import erase_person
from instances import audit
from instances.audit import Action
from instances.audit import seals as audit_seals
from instances.audit.seals import (
    seal_entries,
)
from instances.audit.verification import MAX_PROBLEMS, verify
from instances.models import AuditEntry, AuditSeal
from instances.tenancy import overseeing
from tests.factories import UserFactory
from tests.instances.audit.tampering import OF_THE_SECOND, TABLES, changed, problems, tamper

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


REMOVE_THE_SECOND = "DELETE FROM instances_auditentry" + OF_THE_SECOND  # noqa: S608 (constant)


TAMPERING = {
    "another actor": (changed("actor_name = 'nobody', actor_id = 7"), "entry 2 "),
    "another target": (changed("target_id = 7"), "entry 2 "),
    "another action": (changed("action = 'member.removed'"), "entry 2 "),
    "a microsecond later": (changed("at = at + interval '1 microsecond'"), "entry 2 "),
    "another detail": (changed('detail = \'{"role": "admin"}\''), "entry 2 "),
    "another address": (changed("address = '192.0.2.7'"), "entry 2 "),
    "another place": (changed("instance_id = 7"), "entry 2 "),
    "removed": ([REMOVE_THE_SECOND], "is missing"),
    "removed with its seal": (
        [
            REMOVE_THE_SECOND,
            "DELETE FROM instances_auditseal WHERE number = 2",
        ],
        "seals 2 to 2 are missing",
    ),
    "removed and closed up": (
        [
            REMOVE_THE_SECOND,
            "DELETE FROM instances_auditseal WHERE number = 2",
            "UPDATE instances_auditseal SET number = number - 1 WHERE number = 3",
            "UPDATE instances_auditseal SET number = number - 1 WHERE number = 4",
            "UPDATE instances_auditseal SET number = number - 1 WHERE number = 5",
        ],
        "entry 2 ",
    ),
    "the first removed": (
        ["DELETE FROM instances_auditseal WHERE number = 1"],
        "seals 1 to 1 are missing",
    ),
    "exchanged": (
        [
            "CREATE TEMPORARY TABLE two ON COMMIT DROP AS"
            " SELECT number, entry_id FROM instances_auditseal WHERE number IN (2, 3)",
            "UPDATE instances_auditseal SET entry_id = gen_random_uuid() WHERE number IN (2, 3)",
            "UPDATE instances_auditseal s SET entry_id = two.entry_id FROM two"
            " WHERE s.number = 5 - two.number",
        ],
        "entry 2 ",
    ),
    "put in later": (
        [
            "INSERT INTO instances_auditentry (id, at, action, actor_id, actor_name,"
            " organisation_id, instance_id, place, target, detail,"
            " address, correlation_id, target_kind, target_id)"
            " SELECT gen_random_uuid(), at - interval '3 days',"
            " action, actor_id, actor_name, organisation_id, instance_id, place, target, detail,"
            " address, correlation_id, target_kind, target_id FROM instances_auditentry LIMIT 1"
        ],
        "1 entries were never sealed",
    ),
}


@pytest.mark.parametrize(("statements", "found"), TAMPERING.values(), ids=TAMPERING.keys())
def test_change_by_table_owner_is_detected(log, statements, found):
    assert problems() == ()
    tamper(*statements)
    seal_entries()
    assert found in problems()[0]
    with pytest.raises(CommandError, match=found):
        call_command("audit", "verify")


def test_backdated_entries_are_sealed(log):
    tamper(*TAMPERING["put in later"][0])
    assert seal_entries() == 0
    assert problems() != ()
    assert seal_entries(any_age=True) == 1
    assert problems() == ()


def test_a_long_log_is_sealed_and_verified_in_batches(monkeypatch):
    monkeypatch.setattr(audit_seals, "_BATCH", 10)
    audit.record_all(Action.MEMBER_ADDED, map(str, range(35)))
    assert seal_entries() == 35
    assert seal_entries() == 0
    found = verify(None)
    assert (found.end.number, found.waiting, found.problems) == (35, 0, ())
    tamper("UPDATE instances_auditentry SET actor_name = 'nobody'")
    assert len(problems()) == MAX_PROBLEMS


def test_late_commit_is_sealed_later():
    """The entry of a transaction that is open while others are sealed is not passed over."""
    recorded, may_commit = threading.Event(), threading.Event()

    def act() -> None:
        try:
            with transaction.atomic():
                audit.record(Action.OPERATOR_ADDED, target="late")
                recorded.set()
                assert may_commit.wait(30)
        finally:
            connection.close()

    acting = threading.Thread(target=act)
    acting.start()
    assert recorded.wait(30)
    audit.record(Action.OPERATOR_ADDED, target="early")
    assert seal_entries() == 1
    may_commit.set()
    acting.join()
    assert seal_entries() == 1
    with overseeing():
        entries = AuditEntry.objects.in_bulk()
        order = [entries[seal.entry_id].target for seal in AuditSeal.objects.all()]
    assert order == ["early", "late"]
    assert problems() == ()


def test_recording_does_not_wait_for_sealing():
    with overseeing(), connections["owner"].cursor() as cursor, transaction.atomic("owner"):
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [audit_seals._LOCK])
        with connection.cursor() as mine:
            mine.execute("SET LOCAL lock_timeout = '1ms'")
        audit.record(Action.OPERATOR_ADDED)
        with pytest.raises(DatabaseError), transaction.atomic():
            seal_entries()


def test_concurrent_sealing_creates_one_chain():
    audit.record_all(Action.MEMBER_ADDED, map(str, range(50)))
    start, sealed = threading.Barrier(4), []

    def seal() -> None:
        try:
            start.wait(30)
            sealed.append(seal_entries())
        finally:
            connection.close()

    sealers = [threading.Thread(target=seal) for _ in range(4)]
    for sealer in sealers:
        sealer.start()
    for sealer in sealers:
        sealer.join()
    assert sorted(sealed) == [0, 0, 0, 50]
    assert (verify(None).end.number, problems()) == (50, ())


def test_new_secret_key_continues_chain_of_fallback_key(log, settings):
    former = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 60, [former]
    assert problems() == ()
    assert seal_entries() == 1
    with overseeing():
        assert AuditEntry.objects.first().action == "log.key_changed"
    assert seal_entries() == 0
    settings.SECRET_KEY_FALLBACKS = []
    assert problems() == ()


def test_chain_does_not_continue_without_former_secret_key(log, settings):
    settings.SECRET_KEY = "n" * 60
    audit.record(Action.OPERATOR_ADDED)
    with pytest.raises(CommandError, match="audit verify"):
        call_command("audit", "seal")
    (problem,) = problems()
    assert "SECRET_KEY_FALLBACKS" in problem


def test_erasing_a_person_keeps_chain_valid():
    person = UserFactory(username="ada", first_name="Ada", last_name="Lovelace")
    audit.record(Action.OPERATOR_ADDED, target=person)
    seal_entries()
    number = person.pk
    erase_person(person)
    seal_entries()
    with overseeing():
        told = {(one.target, one.target_kind, one.target_id) for one in AuditEntry.objects.all()}
    assert told == {("Ada Lovelace (ada)", "user", number)}
    assert (verify(None).end.number, problems()) == (2, ())


@pytest.mark.parametrize("table", TABLES)
def test_tables_cannot_be_truncated(log, table):
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic("owner"):
        connections["owner"].cursor().execute(f"TRUNCATE {table}")


@pytest.mark.parametrize("statement", ["UPDATE {} SET number = 9", "DELETE FROM {}"])
@pytest.mark.parametrize("alias", ["default", "owner"])
def test_seals_are_not_changed(log, alias, statement):
    sql = statement.format("instances_auditseal")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(alias):
        connections[alias].cursor().execute(sql)


def test_seal_without_entry_is_detected(log):
    last = AuditSeal.objects.last()
    AuditSeal.objects.create(
        number=6, entry_id=uuid4(), sealed_at=last.sealed_at, digest=last.digest, signature="x"
    )
    assert "is missing" in problems()[0]
