"""What institutions asserted about people at login."""

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models

from instances.models.access_rules import Affiliation


class Identity(models.Model):
    """The verified claims about a person at the last login by one source.

    Access rules are evaluated on these rows alone; ``instances.rules.identities`` writes them.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="identities"
    )
    # The login, such as "saml:<uid>".
    source = models.CharField(max_length=255)
    # The organisations whose login rules the person matches.
    organisation_ids = ArrayField(models.BigIntegerField(), default=list)
    # The registration authority of an identity provider from a federation's feed.
    federation = models.CharField(max_length=255, blank=True)
    scopes = ArrayField(models.CharField(max_length=255), default=list)
    affiliations = ArrayField(models.CharField(max_length=30), default=list)
    attributes = models.JSONField(default=dict)
    asserted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "source"], name="one_identity_per_login"),
        ]
        indexes = [GinIndex(fields=["organisation_ids"], name="identity_organisations")]

    def __str__(self) -> str:
        return f"{self.user_id} by {self.source[:20]}"

    @property
    def affiliation_labels(self) -> list[str]:
        """The labels of the affiliations; unknown ones as they are."""
        return Affiliation.labels_of(self.affiliations)
