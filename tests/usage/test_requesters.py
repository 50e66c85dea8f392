"""Who is charged for the inference of a request (decision 037)."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from instances.models import Instance, Organisation
from instances.tenancy import tenant
from tests.cast import Cast
from tests.factories import ApiKeyFactory, IdentityFactory, OrganisationFactory
from usage.models import UsageRecord
from usage.quotas.subjects import QuotaHolder
from usage.recording import (
    Kind,
    MeasuredRequest,
    Outcome,
    Requester,
    record_beginning,
    record_progress,
    record_requests,
)

REQUEST = MeasuredRequest(kind=Kind.ANSWER, outcome=Outcome.COMPLETE, model_id="m", total_ms=9.0)


@pytest.fixture
def organisations(cast: Cast) -> dict[str, Organisation]:
    """That of the instance, two others, and a disabled one; each with a cost centre of its own."""
    found = {
        "own": cast.instance.organisation,
        "first": cast.other_instance.organisation,
        "second": OrganisationFactory(),
        "disabled": OrganisationFactory(is_enabled=False),
    }
    for name, organisation in found.items():
        organisation.cost_centre = f"centre of {name}"
        organisation.save()
    Instance.objects.update(cost_centre="UFR-12")
    return found


@pytest.mark.parametrize(
    ("names", "charged"),
    [
        ((), ""),
        (("own",), ""),
        (("first",), "first"),
        (("first", "own"), ""),
        (("second", "first"), "first"),
        (("disabled",), ""),
        (("disabled", "second"), "second"),
    ],
    ids=["none", "own", "other", "own_of_several", "several", "disabled", "enabled_of_several"],
)
def test_organisation_of_the_person_is_charged(cast: Cast, organisations, names, charged) -> None:
    ids = [organisations[name].pk for name in names]
    now = timezone.now()
    # A later login counts, an earlier one does not.
    earlier = now - timedelta(days=1)
    second = [organisations["second"].pk]
    IdentityFactory(user=cast.teammate, organisation_ids=second, asserted_at=earlier)
    IdentityFactory(user=cast.teammate, organisation_ids=ids, asserted_at=now)
    record = recorded(cast, Requester(instance_id=cast.instance.pk, user_id=cast.teammate.pk))
    account = (organisations[charged].pk, f"centre of {charged}") if charged else (None, "")
    assert (record.charged_organisation_id, record.charged_cost_centre) == account
    # The service is charged to the organisation of the instance.
    assert (record.organisation, record.cost_centre) == (organisations["own"], "UFR-12")


def test_key_of_a_person_is_charged_as_the_person(cast: Cast, organisations) -> None:
    ids = [organisations["first"].pk]
    IdentityFactory(user=cast.teammate, organisation_ids=ids, asserted_at=timezone.now())
    of_person = ApiKeyFactory(instance=cast.instance, created_by=cast.teammate)
    of_nobody = ApiKeyFactory(instance=cast.instance, created_by=None)
    charged = [
        recorded(cast, Requester.of_holder(QuotaHolder.of_key(key)))
        for key in (of_person, of_nobody)
    ]
    assert [each.charged_organisation for each in charged] == [organisations["first"], None]


def test_progress_leaves_who_is_charged(cast: Cast, organisations) -> None:
    """What is written when a process dies names the same payer as the beginning."""
    IdentityFactory(
        user=cast.teammate,
        organisation_ids=[organisations["first"].pk],
        affiliations=["staff"],
        asserted_at=timezone.now(),
    )
    requester = Requester(instance_id=cast.instance.pk, user_id=cast.teammate.pk)
    request_id = uuid4()
    with tenant(cast.instance):
        begun = MeasuredRequest(kind=Kind.ANSWER, outcome=Outcome.FAILED, model_id="m")
        record_beginning(begun, request_id=request_id, requester=requester)
        record_progress(REQUEST, request_id=request_id, requester=requester)
        record = UsageRecord.objects.get()
    assert (record.charged_organisation, record.affiliation) == (organisations["first"], "staff")
    assert (record.charged_cost_centre, record.total_ms) == ("centre of first", 9)


def recorded(cast: Cast, requester: Requester) -> UsageRecord:
    with tenant(cast.instance):
        record_requests([REQUEST], request_id=uuid4(), requester=requester)
        return UsageRecord.objects.order_by("-created_at").first()
