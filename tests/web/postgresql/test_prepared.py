"""Queries that are compiled once, by their results and by what PostgreSQL keeps of them."""

import pytest
from django.db import connection, transaction
from django.db.models import BigIntegerField, CharField, QuerySet, Value
from django.db.models.functions import Concat

from instances.models import Membership
from instances.tenancy import as_user
from people.models import User
from tests import factories
from web.postgresql.prepared import Parameter, PreparedQuery


def named(username: Parameter) -> QuerySet[User]:
    """With a constant that contains placeholders."""
    return User.objects.filter(username=username, first_name__contains="100 %s").annotate(
        greeting=Concat(Value("Hello %, "), "username", output_field=CharField())
    )


@pytest.fixture
def query() -> PreparedQuery[User]:
    return PreparedQuery(named, username=CharField())


def prepared_statements() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE NOT from_sql")
        count: int = cursor.fetchone()[0]
    return count


@pytest.mark.django_db
def test_rows_are_those_of_the_query_set(query):
    factories.UserFactory(username="other", first_name="100 %s")
    expected = factories.UserFactory(username="ada", first_name="at 100 %s")
    (found,) = query.rows(username="ada")
    assert found == expected
    assert found.greeting == "Hello %, ada"
    assert found.last_name == expected.last_name
    assert not found._state.adding
    assert query.rows(username="nobody") == []


@pytest.mark.django_db
def test_related_rows_and_values_are_read(query):
    membership = factories.MembershipFactory()
    loaded = PreparedQuery(
        lambda user_id: Membership.objects.filter(user_id=user_id).select_related("instance"),
        user_id=BigIntegerField(),
    )
    values = PreparedQuery(
        lambda user_id: User.objects.filter(pk=user_id).values_list("username", "pk"),
        user_id=BigIntegerField(),
    )
    with as_user(membership.user_id):
        (found,) = loaded.rows(user_id=membership.user_id)
    assert found.instance.slug == membership.instance.slug
    assert values.rows(user_id=membership.user_id) == [
        (membership.user.username, membership.user_id)
    ]


@pytest.mark.django_db(transaction=True)
def test_statement_is_prepared_once_for_all_values(query):
    factories.UserFactory(username="ada", first_name="100 %s")
    before = prepared_statements()
    for username in ("ada", "grace", "ada"):
        query.rows(username=username)
    assert prepared_statements() == before + 1


@pytest.fixture
def memberships() -> PreparedQuery[Membership]:
    return PreparedQuery(
        lambda user_id: Membership.objects.filter(user_id=user_id), user_id=BigIntegerField()
    )


@pytest.mark.django_db(transaction=True)
def test_beginning_of_a_transaction_and_its_setting_are_one_round_trip(memberships, round_trips):
    membership = factories.MembershipFactory()
    user_id = membership.user_id
    with as_user(user_id):
        memberships.rows(user_id=user_id)
    with round_trips.counting(), as_user(user_id):
        assert round_trips.count == 0
        assert memberships.rows(user_id=user_id) == [membership]
        assert round_trips.count == 2
        assert Membership.objects.count() == 1
    # The second query, and the end, with which the setting ended too.
    assert round_trips.count == 4
    assert memberships.rows(user_id=user_id) == []


@pytest.mark.django_db(transaction=True)
def test_transaction_without_statements_sends_nothing(round_trips):
    with round_trips.counting(), as_user(1):
        pass
    assert round_trips.count == 0


@pytest.mark.django_db(transaction=True)
def test_setting_is_that_of_one_transaction(memberships):
    membership = factories.MembershipFactory()
    with as_user(membership.user_id):
        pass
    with transaction.atomic():
        assert memberships.rows(user_id=membership.user_id) == []
    with as_user(membership.user_id):
        assert memberships.rows(user_id=membership.user_id) == [membership]
        transaction.set_rollback(True)
    with transaction.atomic():
        assert memberships.rows(user_id=membership.user_id) == []


@pytest.mark.django_db(transaction=True)
def test_setting_is_visible_to_every_kind_of_cursor(memberships):
    membership = factories.MembershipFactory()
    with as_user(membership.user_id):
        assert list(Membership.objects.iterator(chunk_size=1)) == [membership]
    with as_user(membership.user_id), transaction.atomic():
        assert Membership.objects.get() == membership
