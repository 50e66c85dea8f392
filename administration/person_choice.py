"""Add a person in two steps: show the account that was found, then add it once confirmed.

``choose`` serves the three pages that add one person: members, administrators, operators.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import HttpRequest

from administration.forms.people import PersonForm
from administration.found_people import FoundPerson, describe
from instances import audit
from instances.errors import InstanceError, MemberNotFound, user_message
from instances.members.lookup import find_person, search_scope
from instances.models import Instance, Organisation
from people.models import User
from people.requests import logged_in_user


@dataclass(frozen=True)
class Choice:
    """The outcome of the form: a person was ``added`` or ``found``, or neither.

    ``is_unknown``: no account was found, so the person can only be invited.
    """

    added: User | None = None
    found: FoundPerson | None = None
    is_unknown: bool = False


def choose(
    request: HttpRequest,
    form: PersonForm,
    add: Callable[[User], object],
    *,
    organisation: Organisation | None = None,
    instance: Instance | None = None,
) -> Choice:
    """Find the person named in a valid form; ``add`` them if the form confirms the account.

    ``organisation`` or ``instance`` is where the person is added; neither for the operators.
    Refusals become form errors. Each search is recorded in the audit log.
    """
    place = instance.organisation if instance else organisation
    among = search_scope(logged_in_user(request), place)
    name = form.cleaned_data["identifier"]
    try:
        person = find_person(name, among=among)
        if form.confirms(person):
            add(person)
            return Choice(added=person)
        choice = Choice(found=describe([person], to=among)[person.pk])
    except InstanceError as error:
        form.add_error("identifier", user_message(error))
        choice = Choice(is_unknown=isinstance(error, MemberNotFound))
    audit.record(
        audit.Action.PEOPLE_SEARCHED,
        instance=instance,
        organisation=place,
        target=name,
        asked=1,
        found=int(choice.found is not None),
    )
    return choice
