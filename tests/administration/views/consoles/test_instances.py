"""The list of an organisation's instances."""

from tests.administration.views.consoles.conftest import url
from tests.factories import (
    DocumentFactory,
    InstanceFactory,
    UserFactory,
)


def test_instances_are_filtered_sorted_and_counted(cast, organisation, browser):
    DocumentFactory(instance=cast.instance)
    InstanceFactory(organisation=organisation, name="Archives", slug="archives", owner=cast.editor)
    InstanceFactory(organisation=organisation, name="Zoology", slug="zoo", status="archived")

    def shown(**query):
        return [
            one.slug
            for one in browser.get(url(organisation, "organisation"), query).context["page"]
        ]

    assert shown() == ["archives", "law", "zoo"]
    assert shown(sort="documents")[0] == "law"
    assert shown(status="archived") == ["zoo"]
    assert shown(q="edit") == ["archives"]
    assert shown(sort="nonsense", status="nonsense", page="-3") == ["archives", "law", "zoo"]
    page = browser.get(url(organisation, "organisation"), {"q": "facul"})
    ((law, member_count),) = page.context["rows"]
    assert (member_count, law.holdings.documents) == (3, 1)
    assert page.context["figures"].instances == 3


def test_instance_list_needs_few_queries(organisation, browser, django_assert_max_num_queries):
    for number in range(60):
        InstanceFactory(organisation=organisation, owner=UserFactory(username=f"owner{number}"))
    with django_assert_max_num_queries(20):
        browser.get(url(organisation, "organisation"), {"sort": "documents"})
