"""The console page of one instance."""

from datetime import timedelta

from django.utils import timezone

from instances.models import Instance
from tests.adding_members import find_and_add, make_colleague
from tests.administration.views.consoles.conftest import actions, membership_of, url
from tests.factories import (
    ApiKeyFactory,
    MembershipFactory,
)


def test_organisation_administrator_adds_changes_and_removes_members(cast, organisation, browser):
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


def test_instance_of_other_organisation_is_not_found(cast, organisation, browser):
    assert browser.get(url(organisation, "managed_instance", "physics")).status_code == 404
    assert browser.post(url(organisation, "managed_archive", "physics")).status_code == 404
    other = membership_of(cast.other_instance, cast.stranger)
    path = url(organisation, "managed_member_remove", "law", other.pk)
    assert browser.post(path).status_code == 404


def test_instance_is_suspended_reactivated_and_archived(cast, organisation, browser, client_for):
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


def test_deletion_is_requested_and_cancelled(cast, organisation, browser):
    delete = url(organisation, "managed_delete", "law")
    assert browser.post(delete, {"confirmation": "physics"}).context["delete_form"].errors
    browser.post(delete, {"confirmation": "law"})
    instance = Instance.objects.get(slug="law")
    assert instance.status == "deleting"
    assert instance.deletion_due_at > timezone.now()
    browser.post(url(organisation, "managed_cancel_deletion", "law"))
    assert Instance.objects.get(slug="law").status == "active"


def test_ownership_is_transferred_to_a_member(cast, organisation, browser):
    member = membership_of(cast.instance, cast.teammate)
    browser.post(url(organisation, "managed_transfer", "law"), {"member": member.pk})
    assert Instance.objects.get(slug="law").owner == cast.teammate
    assert membership_of(cast.instance, cast.teammate).role == "admin"


def test_organisation_administrator_cannot_grant_rights_to_themselves(
    cast, organisation, administrator, browser
):
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


def test_storage_quota_is_entered_in_gigabytes(cast, organisation, browser):
    quotas = url(organisation, "managed_quotas", "law")
    browser.post(quotas, {"max_documents": 10, "max_stored_bytes": "1.5", "cost_centre": "UFR-12"})
    instance = Instance.objects.get(slug="law")
    assert (instance.max_documents, instance.max_stored_bytes) == (10, 1_500_000_000)
    assert instance.cost_centre == "UFR-12"
    page = browser.get(url(organisation, "managed_instance", "law"))
    assert 'value="1.5"' in page.text
    browser.post(quotas, {"max_documents": "", "max_stored_bytes": ""})
    assert Instance.objects.get(slug="law").max_documents is None
    assert browser.post(quotas, {"max_stored_bytes": "-1"}).context["quota_form"].errors


def test_console_counts_valid_keys_and_shows_none(cast, organisation, browser):
    ApiKeyFactory(instance=cast.instance, prefix="rag_zzzz")
    ApiKeyFactory(instance=cast.instance, revoked_at=timezone.now())
    page = browser.get(url(organisation, "managed_instance", "law"))
    assert page.context["key_count"] == 1
    assert "rag_zzzz" not in page.text


def test_ended_memberships_are_not_counted(cast, organisation, browser):
    MembershipFactory(instance=cast.instance, expires_at=timezone.now() - timedelta(days=1))
    page = browser.get(url(organisation, "managed_instance", "law"))
    assert page.context["member_count"] == 3
