"""The number of queries of a page is the same with ten times as many rows.

Every page that needs no more than an instance or an organisation in its address is visited,
including new ones. Times of the queries with large tables: ``bench/scale``.
"""

from collections import Counter

import pytest
from django.test import Client

from accounts.models import IdentityProvider, MetadataFeed
from instances.access.api_keys import authenticate, create_api_key
from instances.access.gates import get_membership
from instances.models import Membership, OrganisationAdministrator
from instances.rules.matching import open_instances, reevaluate_instance, reevaluate_person
from instances.tenancy import tenant
from tests import factories
from tests.cast import Cast, make_cast
from tests.isolation.recording import Recorder
from tests.isolation.tour import member_pages

FEW, MANY = 3, 30
# Of transactions.
NOT_COUNTED = ("SAVEPOINT", "RELEASE SAVEPOINT", "SELECT set_config", "SELECT current_setting")


@pytest.fixture
def cast(transactional_db) -> Cast:
    """The cast; its owner administers the organisation and operates the site."""
    cast = make_cast()
    OrganisationAdministrator.objects.create(
        organisation=cast.instance.organisation, user=cast.owner
    )
    cast.owner.is_staff = True
    cast.owner.save()
    factories.IdentityFactory(user=cast.owner, organisation_ids=[cast.instance.organisation_id])
    return cast


def grow(cast: Cast, n: int) -> None:
    """Add ``n`` of every row that a page may list, except rules (one query each)."""
    organisation, instance = cast.instance.organisation, cast.instance
    factories.OrganisationFactory.create_batch(n)
    for sibling in factories.InstanceFactory.create_batch(n, organisation=organisation):
        factories.MembershipFactory(instance=sibling, user=cast.owner, role=Membership.Role.ADMIN)
    for open_one in factories.InstanceFactory.create_batch(n, organisation=organisation):
        factories.AccessRuleFactory(instance=open_one)
    factories.MembershipFactory.create_batch(n, instance=instance)
    factories.ApiKeyFactory.create_batch(n, instance=instance, created_by=cast.owner)
    factories.InvitationFactory.create_batch(n, instance=instance)
    factories.DocumentFactory.create_batch(n, instance=instance)
    factories.ConversationFactory.create_batch(n, instance=instance, user=cast.owner)
    factories.OrganisationAdministratorFactory.create_batch(n, organisation=organisation)


def queries(recorder: Recorder) -> Counter[str]:
    """How many statements were recorded, by place."""
    counted = Counter(
        statement.place
        for statement in recorder.statements
        if not statement.sql.startswith(NOT_COUNTED)
    )
    recorder.statements.clear()
    return counted


def visit_everything(recorder: Recorder, cast: Cast) -> None:
    client = Client()
    client.force_login(cast.owner)
    values = {"slug": cast.instance.slug, "organisation": cast.instance.organisation.slug}
    for page in member_pages():
        if set(page.converters) <= values.keys():
            first = client.get(page.path(values))
            # A live stream queries for as long as somebody reads it.
            if first.headers.get("Content-Type", "").startswith("text/event-stream"):
                first.close()
                continue
            with recorder.at(page.name):
                client.get(page.path(values))


def test_query_count_of_a_page_does_not_depend_on_row_count(cast):
    recorder = Recorder()
    with recorder.installed():
        grow(cast, FEW)
        visit_everything(recorder, cast)
        few = queries(recorder)
        grow(cast, MANY - FEW)
        visit_everything(recorder, cast)
        many = queries(recorder)
    assert len(few) > 20
    assert {place: (few[place], many[place]) for place in many if many[place] > few[place]} == {}


class TestWhatPrecedesAPage:
    """Logins, keys and the check that each request begins with."""

    @pytest.fixture
    def count(self, cast):
        """``count(act)``: the numbers of queries of a call, with few and with many rows."""

        def measure(act):
            recorder = Recorder()
            with recorder.installed():
                for n in (FEW, MANY - FEW):
                    grow(cast, n)
                    act()
                    with recorder.at(str(n)):
                        act()
            return list(queries(recorder).values())

        return measure

    def test_permission_check_query_count_is_constant(self, cast, count):
        few, many = count(lambda: get_membership(cast.owner, cast.instance.slug))
        assert many == few <= 4

    def test_api_key_check_query_count_is_constant(self, cast, count):
        _key, plaintext = create_api_key(
            instance=cast.instance, name="Script", scope="chat", created_by=cast.owner
        )
        few, many = count(lambda: authenticate(plaintext))
        assert many == few <= 6

    def test_rule_evaluation_at_login_query_count_is_constant(self, cast, count):
        few, many = count(lambda: reevaluate_person(cast.owner))
        assert many == few <= 8

    def test_rule_change_evaluation_query_count_is_constant(self, cast, count):
        def reevaluate() -> None:
            with tenant(cast.instance):
                reevaluate_instance(cast.instance)

        factories.AccessRuleFactory(instance=cast.instance)
        few, many = count(reevaluate)
        assert many == few <= 8

    def test_open_instances_query_count_is_constant(self, cast, count):
        few, many = count(lambda: open_instances(cast.owner))
        assert many == few <= 8

    def test_institution_search_query_count_is_constant(self, cast, count):
        feed = MetadataFeed.objects.create(name="Federation", url="https://example.org/feed")

        def find() -> None:
            IdentityProvider.objects.bulk_create(
                IdentityProvider(
                    entity_id=f"https://idp-{n}.example.org/{IdentityProvider.objects.count()}",
                    feed=feed,
                )
                for n in range(FEW)
            )
            Client().get("/saml/", {"q": "uni"})

        few, many = count(find)
        assert many == few
