"""The people of most tests: administrator, editor, member, stranger."""

from dataclasses import dataclass

from instances.models import Instance, Membership
from people.models import User
from tests.factories import InstanceFactory, MembershipFactory, UserFactory


@dataclass(frozen=True)
class Cast:
    """An instance and its people; the stranger has an instance of their own."""

    instance: Instance
    owner: User
    editor: User
    teammate: User
    stranger: User
    other_instance: Instance


def make_cast() -> Cast:
    """Create the cast in the database."""
    instance = InstanceFactory(slug="law", name="Faculté de droit")
    other_instance = InstanceFactory(slug="physics", name="Laboratoire de physique")
    people = {name: UserFactory(username=name) for name in ("owner", "editor", "teammate")}
    stranger = UserFactory(username="stranger")
    roles = Membership.Role
    MembershipFactory(instance=instance, user=people["owner"], role=roles.ADMIN)
    MembershipFactory(instance=instance, user=people["editor"], role=roles.EDITOR)
    MembershipFactory(instance=instance, user=people["teammate"], role=roles.MEMBER)
    MembershipFactory(instance=other_instance, user=stranger, role=roles.ADMIN)
    return Cast(instance=instance, stranger=stranger, other_instance=other_instance, **people)
