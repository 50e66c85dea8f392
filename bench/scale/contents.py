"""Documents, conversations, usage records and audit entries of the generated federation."""

from bench.scale.tables import Size, TableWriter
from chat.models import Conversation, Message
from ingestion.models import Document
from instances.models import AuditEntry, InstanceTotals
from usage.models import UsageRecord


def fill_contents(writer: TableWriter, size: Size) -> None:
    """Documents and conversations; half of the conversations are in one instance."""
    writer.insert(
        Document,
        f"(SELECT gen_random_uuid() AS uid, 1 + n % {size.instances} AS tenant, n"
        f" FROM generate_series(1, {size.documents}) AS n) AS made",
        id="uid",
        instance="tenant",
        name="'Document ' || n || '.pdf'",
        media_type="'application/pdf'",
        size_bytes="100000 + n",
        sha256="encode(sha256(n::text::bytea), 'hex')",
        file="tenant || '/' || uid",
        status="CASE WHEN n % 500 = 0 THEN 'failed' ELSE 'ready' END",
        embedding_model="'intfloat/multilingual-e5-small'",
        uploaded_by=f"1 + n % {size.users}",
    )
    writer.insert(InstanceTotals, f"generate_series(1, {size.instances}) AS n", instance="n")
    # Half of them in one instance, of 3,000 people.
    writer.insert(
        Conversation,
        f"generate_series(1, {size.conversations}) AS n",
        id="md5('conversation ' || n)::uuid",
        instance=f"CASE WHEN n % 2 = 0 THEN 1 ELSE 1 + n % {size.instances} END",
        user="1 + n % 3000",
        title="'Question ' || n",
    )
    writer.insert(
        Message,
        f"generate_series(1, {size.conversations}) AS n, generate_series(1, 3) AS k",
        id="gen_random_uuid()",
        instance=f"CASE WHEN n % 2 = 0 THEN 1 ELSE 1 + n % {size.instances} END",
        conversation="md5('conversation ' || n)::uuid",
        role="CASE WHEN k % 2 = 1 THEN 'user' ELSE 'assistant' END",
        content="repeat('Quelques mots ', 30)",
    )


def fill_history(writer: TableWriter, size: Size) -> None:
    """Usage records and audit entries."""
    writer.insert(
        UsageRecord,
        f"generate_series(1, {size.conversations * 3}) AS n",
        id="gen_random_uuid()",
        instance=f"CASE WHEN n % 2 = 0 THEN 1 ELSE 1 + n % {size.instances} END",
        request_id="gen_random_uuid()",
        organisation=f"1 + n % {size.instances} % {size.organisations}",
        user="1 + n % 3000",
        model="'extractive'",
        outcome="'complete'",
        method="'local'",
        method_version="'5 W per core'",
        created_at="now() - n * interval '1 minute'",
    )
    writer.insert(
        AuditEntry,
        f"generate_series(1, {size.audit_entries}) AS n",
        id="gen_random_uuid()",
        at="now() - n * interval '1 minute'",
        action="'member.added'",
        actor_id=f"1 + n % {size.users}",
        actor_name="'Prénom Nom (person' || n || ')'",
        instance_id=f"CASE WHEN n % 4 = 0 THEN 1 ELSE 1 + n % {size.instances} END",
        organisation_id=f"CASE WHEN n % 4 = 0 THEN 2 ELSE 1 + n % {size.instances} % 60 END",
        target="'Somebody ' || n",
        target_kind="''",
    )
