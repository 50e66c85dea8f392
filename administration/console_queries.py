"""Queries of the consoles; run inside ``administering(organisation)``.

They return names, numbers and statuses, but no content of an instance. The number of queries does
not depend on the number of instances or people.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import (
    Aggregate,
    Count,
    Exists,
    F,
    IntegerField,
    Manager,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
)
from django.db.models.functions import Coalesce

from instances.models import (
    Identity,
    Instance,
    InstanceRequest,
    Membership,
    Organisation,
    OrganisationAdministrator,
)
from instances.organisations.operators import operators
from people.models import User
from people.search import searchable
from web.search_words import search_words

PEOPLE_PER_PAGE = 50

# Sort orders of the table of instances; ties are broken by slug.
SORTS: Final[Mapping[str, Any]] = {
    "name": F("name").asc(),
    "documents": F("totals__documents").desc(nulls_last=True),
    "storage": F("totals__stored_bytes").desc(nulls_last=True),
    "use": F("last_used_at").desc(nulls_last=True),
    "disuse": F("last_used_at").asc(nulls_first=True),
}


def instances_of(
    organisation: Organisation, *, search: str = "", status: str = "", sort: str = "name"
) -> QuerySet[Instance]:
    """The organisation's instances, each with its owner and its totals."""
    found = Instance.objects.filter(organisation=organisation)
    if status:
        found = found.filter(status=status)
    for word in search_words(search):
        found = found.filter(
            Q(name__icontains=word)
            | Q(slug__icontains=word)
            | Q(owner__last_name__icontains=word)
            | Q(owner__first_name__icontains=word)
            | Q(owner__username__icontains=word)
        )
    return found.select_related("owner", "totals").order_by(SORTS[sort], "slug")


def count_members(instances: Iterable[Instance]) -> dict[int, int]:
    """Count the current members of each of ``instances``, by primary key, in one query."""
    current = Membership.objects.current().filter(instance__in=[one.pk for one in instances])
    counted = current.order_by().values("instance").annotate(number=Count("pk"))
    return dict(counted.values_list("instance", "number"))


@dataclass(frozen=True)
class Figures:
    """An organisation in numbers."""

    instances: int
    documents: int
    stored_bytes: int
    waiting_requests: int
    # Whether people can log in through an institution and then belong to the organisation.
    has_login_rule: bool


def figures_of(organisation: Organisation) -> Figures:
    """Count instances, their documents and bytes, the pending requests; look for a login rule."""
    numbers = Instance.objects.filter(organisation=organisation).aggregate(
        instances=Count("pk"),
        documents=Coalesce(Sum("totals__documents"), 0),
        stored_bytes=Coalesce(Sum("totals__stored_bytes"), 0),
    )
    waiting = requests_of(organisation).filter(status=InstanceRequest.Status.PENDING)
    return Figures(
        waiting_requests=waiting.count(),
        has_login_rule=organisation.login_rules.filter(is_enabled=True).exists(),
        **numbers,
    )


def requests_of(organisation: Organisation) -> QuerySet[InstanceRequest]:
    """All requests, newest first."""
    return InstanceRequest.objects.filter(organisation=organisation).select_related(
        "organisation", "requested_by", "decided_by", "instance"
    )


@dataclass(frozen=True)
class PeoplePage:
    """Some people by name, each with ``here`` (memberships) and ``identities_here``."""

    people: Sequence[User]
    # The person after whom the next page starts; None on the last page.
    last: User | None


def people_of(organisation: Organisation, *, search: str = "", after: int = 0) -> PeoplePage:
    """A page of the people whose identities name the organisation, sorted by name.

    ``after`` is the primary key of the last person on the previous page. People are not counted, so
    that all pages take the same time.
    """
    identities = Identity.objects.filter(organisation_ids__contains=[organisation.pk])
    people = User.objects.filter(Exists(identities.filter(user=OuterRef("pk"))))
    for word in search_words(search.lower()):
        people = people.alias(searched=searchable()).filter(searched__contains=word)
    people = people.order_by("last_name", "first_name", "username")
    if (last := User.objects.filter(pk=after).first()) is not None:
        people = people.filter(_follow(last))
    memberships = (
        Membership.objects.current()
        .filter(instance__organisation=organisation)
        .select_related("instance")
        .order_by("instance__name")
    )
    shown = list(
        people.prefetch_related(
            Prefetch("memberships", queryset=memberships, to_attr="here"),
            Prefetch("identities", queryset=identities, to_attr="identities_here"),
        )[: PEOPLE_PER_PAGE + 1]
    )
    has_more = len(shown) > PEOPLE_PER_PAGE
    return PeoplePage(shown[:PEOPLE_PER_PAGE], shown[PEOPLE_PER_PAGE - 1] if has_more else None)


def _follow(person: User) -> Q:
    """A condition for people after ``person`` by name; its first part is for the index."""
    same_name = Q(last_name=person.last_name)
    same_names = same_name & Q(first_name=person.first_name)
    return Q(last_name__gte=person.last_name) & (
        Q(last_name__gt=person.last_name)
        | same_name & Q(first_name__gt=person.first_name)
        | same_names & Q(username__gt=person.username)
    )


def organisations_in_numbers(search: str = "") -> QuerySet[Organisation]:
    """All organisations with ``n_instances``, ``n_documents``, ``n_bytes``, ``n_administrators``.

    For operators; these numbers can be read without a right in the instances.
    """
    found = Organisation.objects.all()
    for word in search_words(search):
        found = found.filter(Q(name__icontains=word) | Q(slug__icontains=word))
    return found.annotate(
        n_instances=_per_organisation(Instance.objects, Count("pk")),
        n_documents=_per_organisation(Instance.objects, Sum("totals__documents")),
        n_bytes=_per_organisation(Instance.objects, Sum("totals__stored_bytes")),
        n_administrators=_per_organisation(OrganisationAdministrator.objects, Count("pk")),
        n_waiting=_per_organisation(
            InstanceRequest.objects.filter(status=InstanceRequest.Status.PENDING), Count("pk")
        ),
    ).order_by("name", "pk")


@dataclass(frozen=True)
class FirstSteps:
    """What an operator of a new site has done; the page shows what is left."""

    has_login_rule: bool
    has_administrator: bool
    has_second_operator: bool

    @property
    def are_done(self) -> bool:
        return self.has_login_rule and self.has_administrator and self.has_second_operator


def first_steps() -> FirstSteps:
    """Look for a login rule, an administrator of an organisation, and a second operator."""
    return FirstSteps(
        has_login_rule=Organisation.objects.filter(login_rules__is_enabled=True).exists(),
        has_administrator=OrganisationAdministrator.objects.exists(),
        has_second_operator=operators()[1:2].exists(),
    )


def _per_organisation(rows: QuerySet[Any] | Manager[Any], number: Aggregate) -> Coalesce:
    grouped = rows.filter(organisation=OuterRef("pk")).order_by().values("organisation")
    return Coalesce(
        Subquery(grouped.annotate(number=number).values("number"), output_field=IntegerField()), 0
    )
