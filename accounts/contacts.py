"""Whom a person may ask for help: the administrators of their own instances and organisations."""

from dataclasses import dataclass

from django.conf import settings

from instances.models import Membership, Organisation
from instances.notifications import administrators_of, approvers_of
from instances.organisations.operators import operators
from instances.tenancy import as_user
from people.models import User

_ORGANISATIONS = 5
_PEOPLE = 3


@dataclass(frozen=True)
class Contact:
    """Whom to ask about an instance, an organisation or the site: an address, or people."""

    place: str
    address: str
    people: list[User]


def contacts_of(user: User, slug: str = "") -> list[Contact]:
    """Return whom to ask about the instance ``slug``, if it is the person's, or about any.

    Without an instance: the organisations of their instances, last used first. A person without
    any is sent to the operators. Nothing is said of instances of others.
    """
    with as_user(user.pk):
        mine = (
            Membership.objects.current()
            .filter(user=user)
            .select_related("instance__organisation")
            .order_by("-last_used_at", "pk")
        )
        asked_about = mine.filter(instance__slug=slug).first()
        organisations = {
            membership.instance.organisation: None
            for membership in ([asked_about] if asked_about else mine[:100])
        }
    contacts = [_of_organisation(each) for each in list(organisations)[:_ORGANISATIONS]]
    if asked_about:
        people = list(administrators_of(asked_about.instance)[:_PEOPLE])
        contacts.insert(0, Contact(asked_about.instance.name, "", people))
    contacts = [contact for contact in contacts if contact.address or contact.people]
    return contacts or [_of_site()]


def _of_organisation(organisation: Organisation) -> Contact:
    address = organisation.support_contact
    people = [] if address else list(approvers_of(organisation)[:_PEOPLE])
    return Contact(organisation.name, address, people)


def _of_site() -> Contact:
    address = settings.SUPPORT_CONTACT
    people = [] if address else [each for each in operators() if each.notice_address][:_PEOPLE]
    return Contact(settings.SITE_NAME, address, people)
