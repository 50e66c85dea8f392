"""The audit log: who did what, when, from where."""

import uuid

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models


class AuditEntry(models.Model):
    """One administrative action. PostgreSQL refuses to change or delete it (append-only trigger).

    The owner of the tables can disable that; ``AuditSeal`` makes such changes evident. It has no
    foreign keys, as it outlives the rows it names. The primary key is generated here, so that an
    insert needs no right to read.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(auto_now_add=True)
    action = models.CharField(max_length=40)
    # None: the site itself (a task, a command).
    actor_id = models.BigIntegerField(null=True)
    actor_name = models.CharField(max_length=300, blank=True)
    # Where it happened; both None for what concerns the whole site.
    organisation_id = models.BigIntegerField(null=True)
    instance_id = models.BigIntegerField(null=True)
    # Names at the time of the action: "Faculté de droit", "Jeanne Martin".
    place = models.CharField(max_length=200, blank=True)
    target = models.CharField(max_length=300, blank=True)
    # Permanent kind and primary key: "user", "apikey", "accessrule", "invitation"…
    target_kind = models.CharField(max_length=40, blank=True)
    target_id = models.BigIntegerField(null=True)
    detail = models.JSONField(default=dict, encoder=DjangoJSONEncoder)
    address = models.GenericIPAddressField(null=True)
    correlation_id = models.CharField(max_length=12, blank=True)

    class Meta:
        ordering = ["-at", "pk"]
        indexes = [
            models.Index(fields=["instance_id", "-at"], name="audit_of_instance"),
            models.Index(fields=["organisation_id", "-at"], name="audit_of_organisation"),
            models.Index(fields=["-at"], name="audit_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.actor_name} {self.action} {self.target}"


class AuditSeal(models.Model):
    """One link of the chain of hashes over the audit log (``instances.audit.seals``).

    In a table of its own, since an entry is never updated.
    """

    # 1, 2, 3… without a gap.
    number = models.BigIntegerField(primary_key=True)
    entry_id = models.UUIDField(unique=True)
    sealed_at = models.DateTimeField()
    # SHA-256, in hexadecimal, of the seal before and of the entry.
    digest = models.CharField(max_length=64)
    # HMAC of the digest with a key that the database does not hold.
    signature = models.CharField(max_length=64)

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.number} {self.digest[:12]}"
