"""The proofs of deleted instances."""

from django.db import models

from instances.models.organisations import Organisation


class DeletionRecord(models.Model):
    """The proof that an instance was deleted: its contents before, and what was found afterwards.

    It has no foreign keys, as it outlives the instance and the people.
    """

    # Its primary key, which tables and storage used.
    instance_number = models.BigIntegerField()
    slug = models.CharField(max_length=60, db_index=True)
    name = models.CharField(max_length=120)
    organisation = models.ForeignKey(
        Organisation, null=True, on_delete=models.SET_NULL, related_name="deletions"
    )
    owner_id = models.BigIntegerField(null=True, db_index=True)
    requested_by_id = models.BigIntegerField(null=True, db_index=True)
    requested_by_name = models.CharField(max_length=300, blank=True)
    requested_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField()
    # {table: rows} before, and counted again afterwards; {"files": n, "bytes": n} of the storage.
    before = models.JSONField()
    after = models.JSONField()

    class Meta:
        ordering = ["-deleted_at"]

    def __str__(self) -> str:
        return f"{self.slug} deleted at {self.deleted_at:%Y-%m-%d}"
