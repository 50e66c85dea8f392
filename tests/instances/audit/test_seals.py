"""Changes of the audit log by the owner of the database are detected."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections, transaction
from django.urls import reverse

from accounts.users.erasure import erase_person
from instances import audit, tasks
from instances.audit import Action
from instances.audit import seals as audit_seals
from instances.audit.checkpoints import stored_checkpoint
from instances.audit.seals import (
    GENESIS,
    Checkpoint,
    UnverifiableSeal,
    current_checkpoint,
    digest_of,
    seal_entries,
)
from instances.audit.verification import MAX_PROBLEMS, verify
from instances.models import AuditEntry, AuditSeal
from instances.tenancy import overseeing
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])

TABLES = ("instances_auditentry", "instances_auditseal")
OF_THE_SECOND = " WHERE id = (SELECT entry_id FROM instances_auditseal WHERE number = 2)"
REMOVE_THE_SECOND = "DELETE FROM instances_auditentry" + OF_THE_SECOND  # noqa: S608 (constant)


@pytest.fixture
def log() -> None:
    """Five sealed entries."""
    audit.record_all(Action.MEMBER_ADDED, ["1", "2", "3", "4", "5"], role="member")
    assert seal_entries() == 5


@contextmanager
def as_owner_without_triggers() -> Iterator[None]:
    """What the owner of the tables can do: switch off what protects them, and on again."""
    with transaction.atomic("owner"), connections["owner"].cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        cursor.execute("ALTER TABLE instances_auditentry NO FORCE ROW LEVEL SECURITY")
        yield
        cursor.execute("ALTER TABLE instances_auditentry FORCE ROW LEVEL SECURITY")
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def tamper(*statements: str) -> None:
    with as_owner_without_triggers(), connections["owner"].cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def rewrite_from(first: int) -> None:
    """Recompute the chain as somebody would who knows everything but ``SECRET_KEY``."""
    with as_owner_without_triggers():
        seals = AuditSeal.objects.using("owner")
        digest = seals.get(number=first - 1).digest if first > 1 else GENESIS
        for seal in seals.filter(number__gte=first).order_by("number"):
            entry = AuditEntry.objects.using("owner").get(pk=seal.entry_id)
            digest = digest_of(entry, number=seal.number, previous=digest)
            seals.filter(number=seal.number).update(digest=digest)


def problems(checkpoint: Checkpoint | None = None) -> tuple[str, ...]:
    return verify(checkpoint).problems


def changed(assignment: str) -> list[str]:
    return ["UPDATE instances_auditentry SET " + assignment + OF_THE_SECOND]  # noqa: S608 (constants)


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


def test_rewritten_chain_is_detected_and_not_continued(log):
    tamper(*changed("actor_name = 'nobody'"))
    rewrite_from(2)
    (problem,) = problems()
    assert problem.startswith("seals 2 to 5 are signed by no key")
    audit.record(Action.OPERATOR_ADDED)
    with pytest.raises(UnverifiableSeal):
        seal_entries()
    assert problems() == (problem,)


def test_rewritten_middle_is_detected(log):
    tamper(*changed("actor_name = 'nobody'"))
    end = AuditSeal.objects.get(number=5).digest
    rewrite_from(2)
    with as_owner_without_triggers():
        AuditSeal.objects.using("owner").filter(number=5).update(digest=end)
    assert problems()[0].startswith("entry 5 ")


CUT_OFF = {
    "the end": [
        "DELETE FROM instances_auditentry WHERE id IN"
        " (SELECT entry_id FROM instances_auditseal WHERE number > 3)",
        "DELETE FROM instances_auditseal WHERE number > 3",
    ],
    "everything": [f"TRUNCATE {', '.join(TABLES)}"],
}


@pytest.mark.parametrize("statements", CUT_OFF.values(), ids=CUT_OFF.keys())
@pytest.mark.parametrize("later", [0, 5], ids=["nothing later", "more entries later"])
def test_truncated_chain_is_detected(log, caplog, statements, later):
    tasks.seal_audit_log()
    kept = stored_checkpoint()
    assert kept == current_checkpoint()
    tamper(*statements)
    audit.record_all(Action.MEMBER_LOST, map(str, range(later)))
    tasks.seal_audit_log()
    # By itself the chain is whole.
    assert problems() == ()
    with pytest.raises(CommandError, match="seal 5 "):
        call_command("audit", "verify")
    assert stored_checkpoint() == kept
    assert "the audit log was changed" in caplog.text


def test_log_is_verified_against_former_checkpoint(log, tmp_path, capsys):
    call_command("audit", "checkpoint")
    printed = capsys.readouterr().out
    assert json.loads(printed)["number"] == 5
    file = tmp_path / "elsewhere.json"
    file.write_text(printed)
    audit.record(Action.OPERATOR_ADDED)
    seal_entries()
    call_command("audit", "verify", checkpoint=file)
    assert "6 entries are as they were sealed" in capsys.readouterr().out
    tamper(*CUT_OFF["everything"])
    with pytest.raises(CommandError, match=r"seal 5 of .* is missing"):
        call_command("audit", "verify", checkpoint=file)
    file.write_text("{}")
    with pytest.raises(CommandError, match="cannot be read"):
        call_command("audit", "verify", checkpoint=file)


def test_the_checkpoint_advances_with_the_chain(log, caplog):
    caplog.set_level("INFO")
    tasks.seal_audit_log()
    audit.record(Action.OPERATOR_ADDED)
    tasks.seal_audit_log()
    kept = stored_checkpoint()
    assert (kept.number, kept) == (6, current_checkpoint())
    assert f"audit log sealed up to entry 6: {kept.digest}" in caplog.text


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


@pytest.mark.parametrize("language", ["en", "fr"])
def test_operators_see_last_checkpoint(log, client_for, language):
    client = client_for(UserFactory(is_staff=True, language=language))
    page = client.get(reverse("administration:site_audit"))
    assert current_checkpoint().digest in page.text
