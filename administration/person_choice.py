"""Adding somebody in two steps: whom a name means is shown, and added once that was confirmed.

``choose`` serves every form by which one person is added: to an instance, to the administrators of
an organisation, to the operators.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest

from administration.forms.people import PersonForm
from administration.found_people import FoundPerson, describe
from instances import audit
from instances.errors import InstanceError, MemberNotFound, user_message
from instances.members.lookup import find_person, searched_by
from instances.models import Instance, Organisation


@dataclass(frozen=True)
class Choice:
    """What came of a form: somebody was ``added``, or ``found``, or neither.

    ``is_unknown``: no account was found, so that an invitation is what is left.
    """

    added: Any = None
    found: FoundPerson | None = None
    is_unknown: bool = False


def choose(
    request: HttpRequest,
    form: PersonForm,
    add: Callable[[Any], object],
    *,
    organisation: Organisation | None = None,
    instance: Instance | None = None,
) -> Choice:
    """Show whom a valid form names, or ``add`` them where the form confirms who it is.

    ``organisation`` or ``instance`` is where the person is added; neither: to the operators. What
    is refused becomes an error of the form; each search is in the audit log.
    """
    place = instance.organisation if instance else organisation
    among = searched_by(request.user, place)
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
