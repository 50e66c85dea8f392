"""From an invitation's link to a guest's first answer, in a real browser."""

import re

import pytest
from playwright.sync_api import expect

from instances.models import Invitation
from instances.tenancy import tenant
from tests.browser.chat.asking import LEAVE, ask, finished
from tests.browser.test_administration import is_accessible
from tests.factories import (
    AccessRuleFactory,
    ApiKeyFactory,
    IdentityFactory,
    InvitationFactory,
    MembershipFactory,
    UserFactory,
)
from tests.scripted_llm import stream

pytestmark = pytest.mark.django_db(transaction=True)

SETTINGS = "/i/law/settings"


def test_invited_guest_can_ask_but_not_open_documents(library, llm, page_for, axe):
    llm.script(stream("Les doctorants ont **vingt-cinq jours** ", "de congé par an [1]."))
    owner = page_for(library.owner)
    owner.goto(f"{SETTINGS}/members/")
    owner.get_by_role("link", name="Invitations").click()
    owner.get_by_role("link", name="Invite a person").click()
    owner.get_by_label("For whom").fill("Marie Curie")
    owner.get_by_role("button", name="Make the invitation").click()
    link = owner.locator("copy-text [data-text]").text_content()
    is_accessible(owner, axe)

    guest = page_for(None)
    guest.goto(link)
    is_accessible(guest, axe)
    guest.get_by_role("link", name="Make an account for this invitation").click()
    is_accessible(guest, axe)
    guest.get_by_label("First name").fill("Marie")
    guest.get_by_label("Last name").fill("Curie")
    guest.get_by_label("User name").fill("marie")
    guest.locator("[name=password1]").fill("radium and polonium")
    guest.locator("[name=password2]").fill("radium and polonium")
    guest.get_by_role("button", name="Make the account and accept").click()
    expect(guest).to_have_url(re.compile("/i/law/$"))

    guest.wait_for_load_state()
    expect(guest.get_by_role("link", name="Documents")).to_have_count(0)
    ask(guest, LEAVE)
    answer = finished(guest)
    answer.locator(".cite").click()
    panel = guest.locator("citation-panel dialog")
    expect(panel.locator("mark")).to_contain_text("vingt-cinq jours de congé")
    expect(panel.get_by_role("link")).to_have_count(0)
    assert axe(guest) == []
    assert guest.goto("/i/law/documents/").status == 403

    again = page_for(None)
    again.goto(link)
    expect(again.get_by_role("heading", level=1)).to_have_text("This invitation was used")
    with tenant(library.instance):
        assert Invitation.objects.get().accepted_by.username == "marie"


@pytest.mark.parametrize(
    ("locale", "scheme", "width"),
    [("fr-FR", "light", 1440), ("en-GB", "dark", 390), ("fr-FR", "dark", 320)],
)
def test_people_pages_are_accessible(page_for, axe, cast, locale, scheme, width):
    instance = cast.instance
    rule = AccessRuleFactory(instance=instance, affiliations=["staff", "faculty"])
    AccessRuleFactory(
        instance=instance,
        audience="edugain",
        role="guest",
        is_enabled=False,
        scopes=["a-university-with-a-long-name.example"],
        required={"isMemberOf": ["urn:a-long-group-name:" + "x" * 60]},
    )
    entered = MembershipFactory(instance=instance, rule=rule, user=UserFactory(first_name="Zoé"))
    IdentityFactory(user=entered.user, organisation_ids=[instance.organisation_id])
    InvitationFactory(instance=instance, note="Marie Curie", created_by=cast.owner)
    InvitationFactory(instance=instance, note="Pierre", expires_at="2020-01-01T00:00Z")
    ApiKeyFactory(instance=instance, created_by=cast.owner)
    page = page_for(cast.owner, locale=locale, scheme=scheme, width=width)
    for path in (
        "access/",
        "access/rules/add/",
        f"access/rules/{rule.pk}/",
        "members/",
        f"members/{entered.pk}/end/",
        "members/import/",
        "members/invitations/",
        "members/invitations/create/",
        "keys/",
    ):
        page.goto(f"{SETTINGS}/{path}")
        is_accessible(page, axe)
    # Removal of a rule requires confirmation if people would lose access.
    page.goto(f"{SETTINGS}/access/")
    page.locator(f"[command=show-modal][commandfor=remove-{rule.pk}]").click()
    page.locator(f"#remove-{rule.pk} [type=submit]").click()
    expect(page.locator(".losing li")).to_have_count(1)
    is_accessible(page, axe)
