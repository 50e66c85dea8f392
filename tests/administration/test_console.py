"""The console of an organisation: what its administrators see, decide and never read."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from administration.lifecycle.contents import tenant_models
from chat.models import Citation, Conversation, Message
from ingestion.models import Chunk, Document
from instances.models import AuditEntry, Instance, InstanceRequest, Membership
from instances.tenancy import administering, tenant
from tests.factories import (
    FACTORIES,
    ApiKeyFactory,
    ConversationFactory,
    DocumentFactory,
    IdentityFactory,
    InstanceFactory,
    MembershipFactory,
    MessageFactory,
    OrganisationAdministratorFactory,
    UserFactory,
)
from tests.people import find_and_add, make_colleague

# What an administrator of the organisation may see of an instance: who may do what in it.
RIGHTS = {"AccessRule", "ApiKey", "Invitation", "Membership"}


@pytest.fixture
def organisation(cast):
    return cast.instance.organisation


@pytest.fixture
def administrator(organisation):
    person = UserFactory(username="dean", first_name="Denise", last_name="Doyen")
    return OrganisationAdministratorFactory(organisation=organisation, user=person).user


@pytest.fixture
def browser(administrator, client_for):
    return client_for(administrator)


def url(organisation, name, *arguments):
    return reverse(f"administration:{name}", args=[organisation.slug, *arguments])


def actions(organisation):
    with administering(organisation):
        return [entry.action for entry in AuditEntry.objects.order_by("at")]


def membership_of(instance, person):
    with tenant(instance):
        return Membership.objects.filter(instance=instance, user=person).first()


def test_an_administrator_reads_nothing_that_people_wrote(cast, organisation):
    for model in tenant_models():
        FACTORIES[model](instance=cast.instance)
    with administering(organisation):
        seen = {model.__name__ for model in tenant_models() if model._base_manager.exists()}
    assert seen == RIGHTS


def test_no_page_of_the_console_tells_what_is_in_an_instance(cast, organisation, browser):
    secret = "Licenciement de M. Untel"
    document = DocumentFactory(instance=cast.instance, name=f"{secret}.pdf")
    conversation = ConversationFactory(instance=cast.instance, title=secret)
    MessageFactory(instance=cast.instance, conversation=conversation, content=secret)
    for name in ("organisation", "organisation_people", "organisation_audit"):
        assert secret not in browser.get(url(organisation, name)).text
    page = browser.get(url(organisation, "managed_instance", "law"))
    assert secret not in page.text
    for path in (
        "",
        "documents/",
        f"documents/{document.pk}/",
        f"c/{conversation.pk}/",
        "settings/members/",
    ):
        assert browser.get(f"/i/law/{path}").status_code == 404


@pytest.mark.parametrize("model", [Document, Chunk, Conversation, Message, Citation])
def test_an_administrator_changes_nothing_that_people_wrote(cast, organisation, model):
    row = FACTORIES[model](instance=cast.instance)
    with administering(organisation):
        assert model._base_manager.filter(pk=row.pk).delete()[0] == 0
        assert model._base_manager.filter(pk=row.pk).update(instance=cast.instance) == 0


def test_another_organisation_is_out_of_reach(cast, organisation):
    with administering(organisation):
        assert not Membership.objects.filter(instance=cast.other_instance).exists()
        assert not Membership.objects.filter(instance=cast.other_instance).update(role="guest")


def test_instances_are_searched_sorted_and_counted(cast, organisation, browser):
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


def test_the_console_costs_as_much_for_many_instances(
    organisation, browser, django_assert_max_num_queries
):
    for number in range(60):
        InstanceFactory(organisation=organisation, owner=UserFactory(username=f"owner{number}"))
    with django_assert_max_num_queries(20):
        browser.get(url(organisation, "organisation"), {"sort": "documents"})


def test_members_are_added_changed_and_removed_from_above(cast, organisation, browser):
    make_colleague(organisation, username="newcomer")
    page = url(organisation, "managed_instance", "law")
    add = url(organisation, "managed_member_add", "law")
    refused = browser.post(add, {"identifier": "nobody", "role": "member"})
    assert refused.context["member_form"].errors.keys() == {"identifier"}
    assert find_and_add(browser, add, {"identifier": "newcomer", "role": "member"}).url == page
    member = membership_of(cast.instance, cast.teammate)
    browser.post(url(organisation, "managed_member_role", "law", member.pk), {"role": "editor"})
    assert membership_of(cast.instance, cast.teammate).role == "editor"
    browser.post(url(organisation, "managed_member_remove", "law", member.pk))
    assert membership_of(cast.instance, cast.teammate) is None
    last = membership_of(cast.instance, cast.owner)
    browser.post(url(organisation, "managed_member_remove", "law", last.pk))
    assert membership_of(cast.instance, cast.owner) is not None
    assert actions(organisation) == [
        *("people.searched", "people.searched"),
        *("member.added", "member.changed", "member.removed"),
    ]


def test_an_instance_of_another_organisation_is_not_managed(cast, organisation, browser):
    assert browser.get(url(organisation, "managed_instance", "physics")).status_code == 404
    assert browser.post(url(organisation, "managed_archive", "physics")).status_code == 404
    other = membership_of(cast.other_instance, cast.stranger)
    path = url(organisation, "managed_member_remove", "law", other.pk)
    assert browser.post(path).status_code == 404


def test_an_instance_is_suspended_and_opened_again(cast, organisation, browser, client_for):
    suspend = url(organisation, "managed_suspend", "law")
    assert browser.post(suspend).context["suspension_form"].errors
    browser.post(suspend, {"reason": "Moved to the library."})
    assert "Moved to the library." in client_for(cast.teammate).get("/i/law/").text
    browser.post(url(organisation, "managed_reactivate", "law"))
    assert client_for(cast.teammate).get("/i/law/").status_code == 200
    browser.post(url(organisation, "managed_archive", "law"))
    browser.post(url(organisation, "managed_archive", "law"))
    assert actions(organisation) == [
        "instance.suspended",
        "instance.reactivated",
        "instance.archived",
    ]


def test_an_instance_is_deleted_and_kept(cast, organisation, browser):
    delete = url(organisation, "managed_delete", "law")
    assert browser.post(delete, {"confirmation": "physics"}).context["delete_form"].errors
    browser.post(delete, {"confirmation": "law"})
    instance = Instance.objects.get(slug="law")
    assert instance.status == "deleting"
    assert instance.deletion_due_at > timezone.now()
    browser.post(url(organisation, "managed_cancel_deletion", "law"))
    assert Instance.objects.get(slug="law").status == "active"


def test_an_instance_is_handed_over(cast, organisation, browser):
    member = membership_of(cast.instance, cast.teammate)
    browser.post(url(organisation, "managed_transfer", "law"), {"member": member.pk})
    assert Instance.objects.get(slug="law").owner == cast.teammate
    assert membership_of(cast.instance, cast.teammate).role == "admin"


def test_nobody_lets_themselves_in_from_above(cast, organisation, administrator, browser):
    """To manage without reading would be a promise that one click breaks."""
    add = url(organisation, "managed_member_add", "law")
    refused = find_and_add(browser, add, {"identifier": "dean", "role": "member"})
    assert refused.context["member_form"].errors.keys() == {"identifier"}
    assert membership_of(cast.instance, administrator) is None
    own = MembershipFactory(instance=cast.instance, user=administrator, role="member")
    browser.post(url(organisation, "managed_member_role", "law", own.pk), {"role": "admin"})
    browser.post(url(organisation, "managed_transfer", "law"), {"member": own.pk})
    assert membership_of(cast.instance, administrator).role == "member"
    assert Instance.objects.get(slug="law").owner != administrator
    assert set(actions(organisation)) == {"people.searched"}
    browser.post(url(organisation, "managed_member_role", "law", own.pk), {"role": "guest"})
    assert membership_of(cast.instance, administrator).role == "guest"


def test_limits_are_written_in_gigabytes(cast, organisation, browser):
    quotas = url(organisation, "managed_quotas", "law")
    browser.post(quotas, {"max_documents": 10, "max_stored_bytes": "1.5"})
    instance = Instance.objects.get(slug="law")
    assert (instance.max_documents, instance.max_stored_bytes) == (10, 1_500_000_000)
    page = browser.get(url(organisation, "managed_instance", "law"))
    assert 'value="1.5"' in page.text
    browser.post(quotas, {"max_documents": "", "max_stored_bytes": ""})
    assert Instance.objects.get(slug="law").max_documents is None
    assert browser.post(quotas, {"max_stored_bytes": "-1"}).context["quota_form"].errors


def test_requests_are_approved_and_refused(cast, organisation, browser):
    for name in ("History", "Geography"):
        InstanceRequest.objects.create(
            organisation=organisation, requested_by=cast.editor, name=name, purpose="Archives."
        )
    page = browser.get(url(organisation, "organisation_requests"))
    history, geography = page.context["waiting"]
    browser.post(url(organisation, "request_approve", history.pk))
    assert Instance.objects.get(name="History").owner == cast.editor
    browser.post(url(organisation, "request_refuse", geography.pk), {"answer": ""})
    assert InstanceRequest.objects.get(pk=geography.pk).status == "pending"
    browser.post(url(organisation, "request_refuse", geography.pk), {"answer": "Ask History."})
    browser.post(url(organisation, "request_approve", geography.pk))
    page = browser.get(url(organisation, "organisation_requests"))
    assert not page.context["waiting"]
    assert "Ask History." in page.text
    assert not Instance.objects.filter(name="Geography").exists()


def test_requests_elsewhere_are_out_of_reach(cast, organisation, browser):
    elsewhere = InstanceRequest.objects.create(
        organisation=cast.other_instance.organisation,
        requested_by=cast.editor,
        name="Optics",
        purpose="Lenses.",
    )
    assert browser.post(url(organisation, "request_approve", elsewhere.pk)).status_code == 404


def test_people_are_those_whose_login_proved_it(cast, organisation, browser):
    IdentityFactory(user=cast.teammate, organisation_ids=[organisation.pk])
    IdentityFactory(user=cast.stranger, organisation_ids=[cast.other_instance.organisation_id])
    MembershipFactory(instance=cast.other_instance, user=cast.teammate)
    page = browser.get(url(organisation, "organisation_people")).context["page"]
    (person,) = page.people
    assert person == cast.teammate
    assert [membership.instance for membership in person.here] == [cast.instance]
    nobody = browser.get(url(organisation, "organisation_people"), {"q": "stranger"})
    assert nobody.context["page"].people == []


def test_people_are_paged_without_being_counted(
    organisation, browser, django_assert_max_num_queries
):
    for number in range(120):
        person = UserFactory(last_name=f"Name{number // 3:03}", first_name="Same")
        IdentityFactory(user=person, organisation_ids=[organisation.pk])
    seen, after = [], 0
    while True:
        with django_assert_max_num_queries(16):
            page = browser.get(url(organisation, "organisation_people"), {"after": after})
        seen += page.context["page"].people
        if page.context["page"].last is None:
            break
        after = page.context["page"].last.pk
    assert len(seen) == len(set(seen)) == 120
    assert [person.last_name for person in seen] == sorted(person.last_name for person in seen)


def test_administrators_are_added_and_the_last_stays(
    cast, organisation, browser, administrator, client_for
):
    path = url(organisation, "organisation_administrators")
    assert browser.post(path, {"identifier": "nobody"}).context["form"].errors
    assert find_and_add(browser, path, {"identifier": "dean"}).context["form"].errors
    find_and_add(browser, path, {"identifier": "owner"})
    assert client_for(cast.owner).get(path).status_code == 200
    mine = organisation.administrators.get(user=administrator)
    theirs = organisation.administrators.get(user=cast.owner)
    assert browser.post(url(organisation, "administrator_remove", mine.pk)).url == "/"
    assert browser.get(path).status_code == 404
    owner = client_for(cast.owner)
    owner.post(url(organisation, "administrator_remove", theirs.pk))
    assert organisation.administrators.get().user == cast.owner
    operator = client_for(UserFactory(is_staff=True))
    operator.post(url(organisation, "administrator_remove", theirs.pk))
    assert not organisation.administrators.exists()
    assert [one for one in actions(organisation) if one != "people.searched"] == [
        "administrator.added",
        "administrator.removed",
        "administrator.removed",
    ]


def test_settings_tell_what_was_there_before(organisation, browser):
    form = {
        "name": "Université de Test",
        "creation_rule": "open",
        "idle_months": 6,
        "max_stored_bytes": "2",
    }
    browser.post(url(organisation, "organisation_settings"), form)
    with administering(organisation):
        entry = AuditEntry.objects.get(action="organisation.changed")
    assert entry.detail["creation_rule"] == ["approval", "open"]
    assert entry.detail["max_stored_bytes"] == [None, 2_000_000_000]
    assert entry.detail["allows_personal_instances"] == [True, False]
    page = browser.get(url(organisation, "organisation_audit")).text
    assert "After an administrator of the organisation has approved" in page


def test_keys_are_counted_and_not_shown(cast, organisation, browser):
    ApiKeyFactory(instance=cast.instance, prefix="rag_zzzz")
    ApiKeyFactory(instance=cast.instance, revoked_at=timezone.now())
    page = browser.get(url(organisation, "managed_instance", "law"))
    assert page.context["key_count"] == 1
    assert "rag_zzzz" not in page.text


def test_memberships_that_ended_are_not_counted(cast, organisation, browser):
    MembershipFactory(instance=cast.instance, expires_at=timezone.now() - timedelta(days=1))
    page = browser.get(url(organisation, "managed_instance", "law"))
    assert page.context["member_count"] == 3
