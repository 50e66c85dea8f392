"""Guard: whatever an administrator does leaves an entry in the audit log.

Every page of the settings and the consoles that takes a POST is done once, with what a person would
fill in (``acts.py``).
"""

from typing import Any

import pytest
from django.test import Client

from instances.access.second_factor import SESSION_KEY
from instances.audit.sentences import details
from instances.models import AuditEntry, Instance
from instances.tenancy import overseeing
from tests import factories
from tests.cast import Cast, make_cast
from tests.instances.audit.acts import ACCEPTING, ACTS, AUDITED_ELSEWHERE, READING
from tests.site_map import ALL_PAGES, Page, values_inside


def pages_with_audited_actions() -> list[Page]:
    return [page for page in ALL_PAGES if page.name.startswith(("administration:", "operation:"))]


def short_name(page: Page) -> str:
    return page.name.partition(":")[2]


@pytest.fixture(autouse=True)
def with_slurm(settings: Any) -> None:
    settings.SLURM_COMMAND_PREFIXES = [""]


@pytest.fixture
def cast(transactional_db: None) -> Cast:
    """The owner operates the site as well, so that one person may do everything."""
    cast = make_cast()
    cast.owner.is_staff = True
    cast.owner.save()
    factories.UserFactory(username="newcomer")
    return cast


def test_every_post_route_is_listed(cast):
    client = Client()
    client.force_login(cast.owner)
    values = values_inside(cast)
    taking = {
        short_name(page)
        for page in pages_with_audited_actions()
        if client.post(page.path(values)).status_code != 405
    }
    assert taking == set(ACTS) | ACCEPTING | AUDITED_ELSEWHERE | READING


@pytest.mark.parametrize(
    "name",
    ["operators", "organisation_administrators", "managed_member_add", "member_add"],
)
def test_person_search_is_audited(cast, name):
    values = values_inside(cast)
    (page,) = (page for page in ALL_PAGES if page.name == f"administration:{name}")
    client = Client()
    client.force_login(cast.owner)
    for identifier in ("newcomer", "nobody"):
        client.post(page.path(values), {"identifier": identifier, "role": "member"})
    with overseeing():
        entries = list(AuditEntry.objects.filter(action="people.searched").order_by("at"))
    assert [(entry.target, entry.detail) for entry in entries] == [
        ("newcomer", {"asked": 1, "found": 1}),
        ("nobody", {"asked": 1, "found": 0}),
    ]
    assert {entry.actor_id for entry in entries} == {cast.owner.pk}


@pytest.mark.parametrize("name", sorted(ACTS))
def test_action_is_audited(cast, name):
    values = values_inside(cast)
    act = ACTS[name]
    before = {} if act.status != "deleting" else {"deletion_requested_by": cast.owner}
    Instance.objects.filter(slug="law").update(status=act.status, **before)
    form = act.form | act.prepare(cast, values)
    (page,) = (page for page in pages_with_audited_actions() if short_name(page) == name)
    client = Client()
    client.force_login(cast.owner)
    if act.second_factor:
        session = client.session
        session[SESSION_KEY] = "saml:1"
        session.save()
    client.post(page.path(values), form)
    with overseeing():
        entries = list(AuditEntry.objects.filter(action=act.action))
    assert entries
    assert {entry.actor_id for entry in entries} == {cast.owner.pk}
    assert {entry.address for entry in entries} == {"127.0.0.1"}
    assert all(len(entry.correlation_id) == 12 for entry in entries)
    # What has no words is shown by the name that the code gives it.
    labels = [label for entry in entries for label, _words in details(entry)]
    assert [label for label in labels if not label[0].isupper()] == []
