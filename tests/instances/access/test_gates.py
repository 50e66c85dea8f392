"""Who may enter an instance."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404

from instances.access.gates import get_membership, require_role
from instances.models import Membership
from tests.factories import (
    ApiKeyFactory,
    ChunkFactory,
    CitationFactory,
    DocumentPageFactory,
    FeedbackFactory,
)
from tests.ingestion.factories import CorpusStatisticsFactory, TermStatisticsFactory
from tests.usage.factories import UsageRecordFactory


def test_a_member_gets_the_membership_with_its_organisation(cast, django_assert_num_queries):
    membership = get_membership(cast.teammate, "law")
    with django_assert_num_queries(0):
        assert membership.instance.organisation.name
        assert membership.user.username == "teammate"
    assert membership.role == Membership.Role.MEMBER


@pytest.mark.parametrize("slug", ["law", "nowhere"])
def test_stranger_gets_404_like_for_unknown_instance(cast, slug):
    with pytest.raises(Http404):
        get_membership(cast.stranger, slug)


def test_anonymous_user_has_no_membership(cast):
    with pytest.raises(Http404):
        get_membership(AnonymousUser(), "law")


@pytest.mark.parametrize(
    ("person", "may_edit", "may_administer"),
    [("teammate", False, False), ("editor", True, False), ("owner", True, True)],
)
def test_roles_are_ranked(cast, person, may_edit, may_administer):
    membership = get_membership(getattr(cast, person), "law")
    for role, allowed in (("editor", may_edit), ("admin", may_administer)):
        if allowed:
            require_role(membership, role)
        else:
            with pytest.raises(PermissionDenied):
                require_role(membership, role)


def test_every_factory_writes_into_one_instance(cast):
    for factory in (
        ApiKeyFactory,
        ChunkFactory,
        CitationFactory,
        CorpusStatisticsFactory,
        DocumentPageFactory,
        FeedbackFactory,
        TermStatisticsFactory,
        UsageRecordFactory,
    ):
        assert factory(instance=cast.instance).instance == cast.instance
