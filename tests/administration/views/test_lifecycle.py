"""The life cycle page: access, steps, and the proof of a deletion."""

import pytest
from django.urls import reverse
from django.utils import timezone

from administration.lifecycle import status as lifecycle
from administration.lifecycle.deletion import delete_instance
from instances.models import DeletionRecord, Instance
from instances.tenancy import tenant
from tests.factories import (
    DocumentFactory,
    OrganisationAdministratorFactory,
    UserFactory,
)

PAGE = "/i/law/settings/lifecycle/"
POSTS = ("transfer", "archive", "reactivate", "delete", "cancel")


def status():
    return Instance.objects.get(slug="law").status


def member_id(cast, person):
    with tenant(cast.instance):
        return person.memberships.get(instance=cast.instance).pk


@pytest.mark.parametrize(
    ("person", "code"), [("editor", 403), ("teammate", 403), ("stranger", 404)]
)
@pytest.mark.parametrize("step", POSTS)
def test_only_administrators_change_the_life_cycle(cast, client_for, step, person, code):
    client = client_for(getattr(cast, person))
    assert client.post(f"{PAGE}{step}/", {"confirmation": "law"}).status_code == code
    assert status() == "active"


def test_page_lists_what_deletion_destroys(cast, client_for):
    DocumentFactory.create_batch(3, instance=cast.instance)
    text = client_for(cast.owner).get(PAGE).text
    assert "3 documents, with their files" in text
    assert "the access of 3 people" in text
    assert "You can cancel the deletion here for 30 days" in text


def test_deletion_needs_the_identifier(cast, client_for):
    page = client_for(cast.owner).post(f"{PAGE}delete/", {"confirmation": "physics"})
    assert page.context["delete_form"].errors.keys() == {"confirmation"}
    assert status() == "active"


def test_owner_requests_and_cancels_deletion(cast, client_for):
    owner, teammate = client_for(cast.owner), client_for(cast.teammate)
    assert owner.post(f"{PAGE}delete/", {"confirmation": "law"}).url == PAGE
    assert status() == "deleting"
    page = owner.get(PAGE).text
    assert "Requested by owner." in page
    assert "/i/law/settings/members/" not in page, "a page that is closed by now"
    assert teammate.get("/i/law/").status_code == 403
    owner.post(f"{PAGE}cancel/")
    assert status() == "active"
    assert teammate.get("/i/law/").status_code == 200


def test_instance_cannot_undo_decisions_of_organisation(cast, client_for):
    owner = client_for(cast.owner)
    manager = OrganisationAdministratorFactory(organisation=cast.instance.organisation).user
    lifecycle.suspend(cast.instance, reason="Copyright.")
    assert "Copyright." in owner.get(PAGE).text
    for step in POSTS:
        assert owner.post(f"{PAGE}{step}/", {"confirmation": "law"}).status_code == 403
    assert status() == "suspended"
    lifecycle.request_deletion(cast.instance, by=manager)
    assert "cancel" not in owner.get(PAGE).context["steps"]
    assert owner.post(f"{PAGE}cancel/").status_code == 403
    assert status() == "deleting"


def test_archiving_is_confirmed_first(cast, client_for):
    page = client_for(cast.owner).get(PAGE).text
    dialog = page[page.index('id="archive-dialog"') :]
    action = f'action="{PAGE}archive/"'
    assert action in dialog[: dialog.index("</dialog>")]
    assert page.count(action) == 1
    assert 'command="show-modal" commandfor="archive-dialog"' in page


def test_owner_archives_and_reactivates(cast, client_for):
    owner = client_for(cast.owner)
    owner.post(f"{PAGE}archive/")
    assert status() == "archived"
    assert "This instance is archived" in client_for(cast.teammate).get("/i/law/").text
    assert owner.post(f"{PAGE}archive/").status_code == 403
    owner.post(f"{PAGE}reactivate/")
    assert status() == "active"


def test_owner_transfers_to_a_member(cast, client_for):
    Instance.objects.filter(slug="law").update(owner=cast.owner)
    owner = client_for(cast.owner)
    refused = owner.post(f"{PAGE}transfer/", {"member": member_id(cast, cast.owner)})
    assert refused.context["transfer_form"].errors.keys() == {"member"}
    owner.post(f"{PAGE}transfer/", {"member": member_id(cast, cast.editor)})
    assert Instance.objects.get(slug="law").owner == cast.editor
    # No longer theirs to give.
    again = owner.post(f"{PAGE}transfer/", {"member": member_id(cast, cast.teammate)})
    assert again.status_code == 403


def test_only_the_owner_manages_a_personal_instance(cast, client_for):
    Instance.objects.filter(slug="law").update(owner=cast.editor, kind="personal")
    owner = client_for(cast.owner)
    assert owner.get(PAGE).context["steps"] == frozenset()
    assert owner.post(f"{PAGE}archive/").status_code == 403


def test_deletion_without_grace_days_is_enqueued_at_once(cast, client_for, settings):
    settings.DELETION_GRACE_DAYS = 0
    answer = client_for(cast.owner).post(f"{PAGE}delete/", {"confirmation": "law"})
    assert answer.url == "/"
    assert Instance.objects.get(slug="law").deletion_due_at <= timezone.now()


@pytest.fixture
def record(cast, settings):
    """The proof of an instance that ``owner`` had deleted, and ``editor`` owned."""
    Instance.objects.filter(slug="law").update(owner=cast.editor)
    DocumentFactory(instance=cast.instance)
    lifecycle.request_deletion(cast.instance, by=cast.owner)
    return delete_instance(cast.instance)


def test_deletion_proof_is_shown_only_to_those_concerned(cast, client_for, record):
    url = reverse("administration:deletion", args=[record.pk])
    manager = OrganisationAdministratorFactory(organisation=record.organisation).user
    other_manager = OrganisationAdministratorFactory().user
    operator = UserFactory(is_staff=True)
    statuses = {
        person: client_for(person).get(url).status_code
        for person in (
            cast.owner,
            cast.editor,
            manager,
            operator,
            cast.teammate,
            cast.stranger,
            other_manager,
        )
    }
    assert list(statuses.values()) == [200, 200, 200, 200, 404, 404, 404]


def test_deletion_proof_survives_deleted_organisation(client_for, record):
    DeletionRecord.objects.update(organisation=None)
    url = reverse("administration:deletion", args=[record.pk])
    assert client_for(UserFactory(is_staff=True)).get(url).status_code == 200


def test_home_links_to_deletion_proof(cast, client_for, record):
    url = reverse("administration:deletion", args=[record.pk])
    home = client_for(cast.owner).get("/").text
    assert url in home
    text = client_for(cast.owner).get(url).text
    assert "ingestion_document" in text
    assert "Passages, with their vectors" in text
    assert url not in client_for(cast.teammate).get("/").text
