"""Quotas of an instance: its own limits, else those of its organisation, else none."""

from dataclasses import dataclass

from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _

from instances.errors import QuotaExceeded, WrongStatus
from instances.models import Instance, InstanceTotals
from instances.sizes import format_bytes


@dataclass(frozen=True)
class Limits:
    """The limits of an instance; None for no limit."""

    documents: int | None
    stored_bytes: int | None


def limits_of(instance: Instance) -> Limits:
    """The limits that apply to an instance."""
    organisation = instance.organisation
    own_documents, own_bytes = instance.max_documents, instance.max_stored_bytes
    return Limits(
        documents=organisation.max_documents if own_documents is None else own_documents,
        stored_bytes=organisation.max_stored_bytes if own_bytes is None else own_bytes,
    )


@dataclass(frozen=True)
class Room:
    """The usage and the limits of an instance that has limits."""

    documents: int
    stored_bytes: int
    limits: Limits

    @property
    def is_full(self) -> bool:
        """Whether a limit is reached."""
        documents, stored_bytes = self.limits.documents, self.limits.stored_bytes
        return (documents is not None and self.documents >= documents) or (
            stored_bytes is not None and self.stored_bytes >= stored_bytes
        )


def room_of(instance: Instance) -> Room | None:
    """Usage and limits of the instance; None if it has no limit."""
    limits = limits_of(instance)
    if limits == Limits(None, None):
        return None
    totals = instance.holdings
    return Room(totals.documents, totals.stored_bytes, limits)


def lock_totals(instance_id: int) -> InstanceTotals:
    """Lock the totals of an instance until the transaction ends, to serialise additions."""
    InstanceTotals.objects.bulk_create(
        [InstanceTotals(instance_id=instance_id)], ignore_conflicts=True
    )
    totals: InstanceTotals = InstanceTotals.objects.select_for_update().get(instance=instance_id)
    return totals


def check_room(instance: Instance, new_bytes: int, *, is_attachment: bool = False) -> None:
    """Check that one more document of ``new_bytes`` is allowed, beside those being received.

    An attachment of a conversation needs room for its bytes only.

    Run it in the transaction that adds the document, which then cannot exceed a limit or be added
    to an instance that is being deleted. Raises QuotaExceeded or WrongStatus.
    """
    totals = lock_totals(instance.pk)
    documents = totals.documents + totals.reserved_documents
    stored_bytes = totals.stored_bytes + totals.reserved_bytes
    if not Instance.objects.filter(pk=instance.pk, status=Instance.Status.ACTIVE).exists():
        raise WrongStatus(f"{instance.slug} is closed or archived")
    limits = limits_of(instance)
    if limits.documents is not None and not is_attachment and documents + 1 > limits.documents:
        raise QuotaExceeded(_too_many(documents, limits.documents) + " " + _what_to_do(instance))
    if limits.stored_bytes is not None and stored_bytes + new_bytes > limits.stored_bytes:
        text = _too_large(stored_bytes, limits.stored_bytes, new_bytes)
        raise QuotaExceeded(text + " " + _what_to_do(instance))


def _too_many(documents: int, limit: int) -> str:
    return _("This instance contains %(n)s of the %(limit)s documents allowed.") % {
        "n": intcomma(documents),
        "limit": intcomma(limit),
    }


def _too_large(stored_bytes: int, limit: int, new_bytes: int) -> str:
    return _("This file (%(size)s) exceeds the storage limit: %(used)s of %(limit)s are used.") % {
        "size": format_bytes(new_bytes),
        "used": format_bytes(stored_bytes),
        "limit": format_bytes(limit),
    }


def _what_to_do(instance: Instance) -> str:
    contact = instance.organisation.support_contact or settings.SUPPORT_CONTACT
    if contact:
        text = _(
            "Delete documents that are no longer needed, or request more storage: %(contact)s."
        )
        return text % {"contact": contact}
    return _(
        "Delete documents that are no longer needed, or ask an administrator of your "
        "organisation for more storage."
    )
