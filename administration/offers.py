"""What a person may request, by organisation: instances, personal instances."""

from dataclasses import dataclass

from instances.access.administration import administered_by
from instances.errors import CreationClosed
from instances.models import Organisation
from instances.models.access_rules import STAFF_FLOOR
from instances.rules.matching import identities_of
from people.models import User


@dataclass(frozen=True)
class Offer:
    """What a person may request in one organisation."""

    organisation: Organisation
    # Whether they may request an instance, and need no approval.
    instance: bool
    at_once: bool
    # Whether they may have a personal instance, even if they already have one.
    personal: bool


def offers_for(user: User) -> list[Offer]:
    """What a person may request, in each enabled organisation, sorted by name.

    The organisations that they belong to and those that they manage; operators manage all.
    """
    belonging, managed = _belonging_to(user), _managed_by(user)
    organisations = Organisation.objects.filter(pk__in=belonging | managed, is_enabled=True)
    return [
        _offer(
            organisation, belongs=organisation.pk in belonging, manages=organisation.pk in managed
        )
        for organisation in organisations.order_by("name", "pk")
    ]


def offer_in(organisation: Organisation, user: User) -> Offer:
    """What a person may request in one organisation. Raises CreationClosed if nothing."""
    for offer in offers_for(user):
        if offer.organisation == organisation:
            return offer
    raise CreationClosed(organisation.slug)


def _offer(organisation: Organisation, *, belongs: bool, manages: bool) -> Offer:
    rules = Organisation.CreationRule
    at_once = organisation.creation_rule == rules.OPEN or manages
    return Offer(
        organisation=organisation,
        instance=at_once or organisation.creation_rule != rules.CLOSED,
        at_once=at_once,
        personal=organisation.allows_personal_instances and belongs,
    )


def _belonging_to(user: User) -> set[int]:
    """The organisations of a person's identities, and those of which they are an administrator.

    An identity of a student does not count: if an institution asserts affiliations, one of the
    staff must be among them.
    """
    by_identity = {
        organisation_id
        for identity in identities_of(user)
        if not identity.affiliations or set(identity.affiliations) & set(STAFF_FLOOR)
        for organisation_id in identity.organisation_ids
    }
    administered = Organisation.objects.filter(administrators__user=user)
    return by_identity | set(administered.values_list("pk", flat=True))


def _managed_by(user: User) -> set[int]:
    return set(administered_by(user).values_list("pk", flat=True))
