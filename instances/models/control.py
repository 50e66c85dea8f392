"""Who could log in to somebody else's account, because they opened it or set what opens it."""

from django.conf import settings
from django.db import models


class AccountControl(models.Model):
    """One person's control over another's account: they know, or chose, how to log in to it.

    It belongs to the deployment and to no instance: an account made in one instance may be added
    to another. ``instances.account_control`` writes and reads it.
    """

    class Reason(models.TextChoices):
        """What the controller did; read by the code and shown to nobody."""

        CREATED = "created"
        # Made the invitation with which the account was created.
        INVITED = "invited"
        PASSWORD = "password"  # noqa: S105 (a reason)
        ADDRESS = "address"
        # Controls the account of whoever did one of these.
        INDIRECT = "indirect"

    account = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="controls"
    )
    # None: a command on the machine did it.
    controller = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.CASCADE, related_name="+"
    )
    # As it was then, for the notice that the person reads.
    controller_name = models.CharField(max_length=300, blank=True)
    reason = models.CharField(max_length=10, choices=Reason)
    # Where the person is told of it by mail: the address before the change.
    notice_address = models.EmailField(blank=True)
    at = models.DateTimeField()
    # When somebody else confirmed that the person alone uses the account.
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
