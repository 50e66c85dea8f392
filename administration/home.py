"""The content of the home page, in a constant number of queries."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from administration.lifecycle import disuse
from administration.offers import Offer, offers_for
from instances.access.gates import closed_reason
from instances.account_control import notices_for
from instances.models import (
    AccountControl,
    DeletionRecord,
    Instance,
    InstanceRequest,
    Membership,
    Organisation,
)
from instances.rules.matching import open_instances
from instances.tenancy import as_user
from people.models import User

CARDS_PER_PAGE = 24
# How long refused requests and deletion records stay on the page.
NEWS = timedelta(days=30)
# A search field is shown from this number of instances on.
SEARCHED_FROM = 9


@dataclass(frozen=True)
class Shown:
    """The filters of the page."""

    search: str = ""
    archived: bool = False
    page: int = 1
    open_page: int = 1


@dataclass(frozen=True)
class Card:
    """One of my instances."""

    membership: Membership
    closed_reason: str
    archived_on: datetime | None

    @property
    def instance(self) -> Instance:
        return self.membership.instance


@dataclass(frozen=True)
class Home:
    """The data of the home page."""

    cards: list[Card]
    page: Page
    n_all: int
    n_current: int
    n_archived: int
    is_searchable: bool
    open_to_you: Page
    requests: list[InstanceRequest]
    deletions: list[DeletionRecord]
    may_ask: bool
    may_create: bool
    personal_in: list[Organisation]
    account_notices: list[AccountControl]


def home_of(user: User, shown: Shown) -> Home:
    """Return the home page of a person.

    Their instances, last used first; the instances that they may join; their requests; what they
    may request.
    """
    with as_user(user.pk):
        mine = Membership.objects.current().filter(user=user)
        n_all = mine.count()
        found = _search(mine, shown.search)
        numbers = found.aggregate(
            archived=Count("pk", filter=Q(instance__status=Instance.Status.ARCHIVED)),
            all=Count("pk"),
        )
        page = _page(found, shown)
        cards = [_card(membership) for membership in page]
    offers = offers_for(user)
    offered = open_instances(user, shown.search)
    return Home(
        cards=cards,
        page=page,
        n_all=n_all,
        n_current=numbers["all"] - numbers["archived"],
        n_archived=numbers["archived"],
        is_searchable=n_all >= SEARCHED_FROM or len(offered) >= SEARCHED_FROM or bool(shown.search),
        open_to_you=Paginator(offered, CARDS_PER_PAGE).get_page(shown.open_page),
        requests=_requests(user),
        deletions=_deletions(user),
        may_ask=any(offer.instance for offer in offers),
        may_create=any(offer.at_once for offer in offers),
        personal_in=_personal_in(user, offers),
        account_notices=list(notices_for(user)),
    )


def _page(memberships: QuerySet[Membership], shown: Shown) -> Page:
    is_archived = Q(instance__status=Instance.Status.ARCHIVED)
    memberships = (
        memberships.filter(is_archived if shown.archived else ~is_archived)
        .select_related("instance__organisation", "instance__totals")
        .order_by(Coalesce("last_used_at", "created_at").desc(), "pk")
    )
    return Paginator(memberships, CARDS_PER_PAGE).get_page(shown.page)


def _card(membership: Membership) -> Card:
    instance = membership.instance
    return Card(
        membership=membership,
        closed_reason=closed_reason(instance),
        archived_on=disuse.archived_on(instance) if membership.may_administer else None,
    )


def _search(memberships: QuerySet[Membership], search: str) -> QuerySet[Membership]:
    if not search:
        return memberships
    return memberships.filter(
        Q(instance__name__icontains=search)
        | Q(instance__description__icontains=search)
        | Q(instance__organisation__name__icontains=search)
    )


def _requests(user: User) -> list[InstanceRequest]:
    """Pending requests and those refused lately; approved ones are among the cards."""
    status = InstanceRequest.Status
    waiting = Q(status=status.PENDING)
    refused = Q(status=status.REFUSED, decided_at__gte=timezone.now() - NEWS)
    requests = InstanceRequest.objects.filter(waiting | refused, requested_by=user)
    return list(requests.select_related("organisation"))


def _deletions(user: User) -> list[DeletionRecord]:
    mine = Q(requested_by_id=user.pk) | Q(owner_id=user.pk)
    return list(DeletionRecord.objects.filter(mine, deleted_at__gte=timezone.now() - NEWS))


def _personal_in(user: User, offers: list[Offer]) -> list[Organisation]:
    """The organisations in which the person may create a personal instance."""
    allowing = [offer.organisation for offer in offers if offer.personal]
    if not allowing:
        return []
    taken = set(
        Instance.objects.filter(
            owner=user, kind=Instance.Kind.PERSONAL, organisation__in=allowing
        ).values_list("organisation_id", flat=True)
    )
    return [one for one in allowing if one.pk not in taken]
