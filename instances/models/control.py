"""Control of one person over another's account, which they created or whose login they set."""

from django.conf import settings
from django.db import models


class AccountControl(models.Model):
    """One person's control over another's account, to which they could log in.

    Not tenant data: an account created in one instance may be added to another.
    ``instances.account_control`` writes and reads it.
    """

    class Reason(models.TextChoices):
        """What the controller did; not shown."""

        CREATED = "created"
        # Created the invitation with which the account was created.
        INVITED = "invited"
        PASSWORD = "password"  # noqa: S105 (a reason)
        ADDRESS = "address"
        # Controls the account of a person who did one of these.
        INDIRECT = "indirect"

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="controls"
    )
    # None: a command on the server.
    controller = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    # The name at that time, for the notice.
    controller_name = models.CharField(max_length=300, blank=True)
    reason = models.CharField(max_length=10, choices=Reason)
    # The address for the notice: the one before the change.
    notice_address = models.EmailField(blank=True)
    at = models.DateTimeField()
    # When another person confirmed that only its person uses the account.
    ended_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "controller", "reason"],
                name="one_control_of_a_kind",
                nulls_distinct=False,
            ),
        ]

    def __str__(self) -> str:
        return f"{self.controller_id} {self.reason} {self.account_id}"
