"""Checkpoints of the audit log outside the database reveal a truncated chain."""

import json

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from instances import audit, tasks
from instances.audit import Action
from instances.audit.checkpoints import stored_checkpoint
from instances.audit.seals import (
    GENESIS,
    UnverifiableSeal,
    current_checkpoint,
    digest_of,
    seal_entries,
)
from instances.models import AuditEntry, AuditSeal
from tests.factories import UserFactory
from tests.instances.audit.tampering import (
    TABLES,
    as_owner_without_triggers,
    changed,
    problems,
    tamper,
)

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])


def rewrite_from(first: int) -> None:
    """Recompute the chain as somebody would who knows everything but ``SECRET_KEY``."""
    with as_owner_without_triggers():
        seals = AuditSeal.objects.using("owner")
        digest = seals.get(number=first - 1).digest if first > 1 else GENESIS
        for seal in seals.filter(number__gte=first).order_by("number"):
            entry = AuditEntry.objects.using("owner").get(pk=seal.entry_id)
            digest = digest_of(entry, number=seal.number, previous=digest)
            seals.filter(number=seal.number).update(digest=digest)


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


@pytest.mark.parametrize("language", ["en", "fr"])
def test_operators_see_last_checkpoint(log, client_for, language):
    client = client_for(UserFactory(is_staff=True, language=language))
    page = client.get(reverse("administration:site_audit"))
    assert current_checkpoint().digest in page.text
