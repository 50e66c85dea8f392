"""Usage charters: versioned texts, and their acceptances."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from instances.models.organisations import Instance, Organisation


class Charter(models.Model):
    """One version of the terms that people accept before they use an instance.

    Without organisation and instance it applies to the whole site; an organisation's applies to its
    instances. A published version never changes.
    """

    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.CASCADE, related_name="charters"
    )
    instance = models.ForeignKey(
        Instance, null=True, blank=True, on_delete=models.CASCADE, related_name="charters"
    )
    version = models.PositiveIntegerField()
    text_fr = models.TextField(_("text in French"), max_length=20_000, blank=True)
    text_en = models.TextField(_("text in English"), max_length=20_000, blank=True)
    # True for the newest version; a withdrawn charter has no current version.
    is_current = models.BooleanField(default=True)
    published_at = models.DateTimeField(auto_now_add=True)
    published_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation", "instance", "version"],
                name="one_charter_of_a_version",
                nulls_distinct=False,
            ),
            models.UniqueConstraint(
                fields=["organisation", "instance"],
                name="one_current_charter",
                condition=Q(is_current=True),
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(organisation=None) | Q(instance=None),
                name="charter_of_one_level",
            ),
        ]

    def __str__(self) -> str:
        return f"charter {self.version} of {self.instance_id or self.organisation_id or 'all'}"

    def text_in(self, language: str) -> str:
        """The text in ``language``, else in the other one."""
        texts = (self.text_fr, self.text_en)
        return (texts[0] or texts[1]) if language.startswith("fr") else (texts[1] or texts[0])


class CharterAcceptance(models.Model):
    """A person's acceptance of a version, with time and client address."""

    charter = models.ForeignKey(Charter, on_delete=models.CASCADE, related_name="acceptances")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="charter_acceptances"
    )
    accepted_at = models.DateTimeField(auto_now_add=True)
    address = models.GenericIPAddressField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["charter", "user"], name="one_acceptance_per_person"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} accepted {self.charter_id}"
