"""The settings pages: access, and changes."""

import pytest
from django.urls import reverse

from instances.models import AuditEntry, Instance, Organisation
from instances.tenancy import tenant

PAGES = (
    "general",
    "members",
    "member_add",
    "member_create",
    "answers",
    "lifecycle",
)


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(
    ("person", "status"),
    [("owner", 200), ("editor", 403), ("teammate", 403), ("stranger", 404)],
)
def test_only_administrators_open_settings(cast, client_for, name, person, status):
    url = reverse(f"administration:{name}", args=["law"])
    assert client_for(getattr(cast, person)).get(url).status_code == status


def test_anonymous_user_is_redirected_to_login(client, db):
    url = reverse("administration:general", args=["law"])
    assert client.get(url).url == f"/accounts/login/?next={url}"


def test_settings_redirect_to_general(cast, client_for):
    answer = client_for(cast.owner).get(reverse("administration:settings", args=["law"]))
    assert answer.url == reverse("administration:general", args=["law"])


def general_form(**changed):
    return {
        "name": "Droit",
        "description": "",
        "welcome_text": "",
        "language": "fr",
        "suggests_questions": "on",
        "accent_colour": "#ffcc00",
    } | changed


def test_general_settings_are_saved(cast, client_for):
    browser, url = client_for(cast.owner), reverse("administration:general", args=["law"])
    browser.post(url, general_form(own_accent="on"))
    cast.instance.refresh_from_db()
    assert (cast.instance.name, cast.instance.accent_colour) == ("Droit", "#ffcc00")
    browser.post(url, general_form())
    cast.instance.refresh_from_db()
    assert cast.instance.accent_colour == ""


def test_only_changed_fields_are_saved_and_audited(cast, client_for):
    url = reverse("administration:general", args=["law"])
    browser = client_for(cast.owner)
    browser.post(url, general_form(description="d" * 300))
    browser.post(url, general_form(description="d" * 300))
    with tenant(cast.instance):
        entry = AuditEntry.objects.get(action="instance.changed")
    assert entry.actor_id == cast.owner.pk
    assert entry.detail == {
        "name": ["Faculté de droit", "Droit"],
        "description": ["", "d" * 200],
    }


def test_invalid_form_shows_errors_and_saves_nothing(cast, client_for):
    url = reverse("administration:general", args=["law"])
    page = client_for(cast.owner).post(url, general_form(name=""))
    assert page.context["form"].errors.keys() == {"name"}
    assert "Faculté de droit" in page.text


def test_answer_settings_are_saved(cast, client_for):
    form = {
        "model_id": "extractive",
        "instructions": "Vouvoyez.",
        "strictness": "strict",
        "top_k": 8,
    }
    url = reverse("administration:answers", args=["law"])
    assert client_for(cast.owner).post(url, form).status_code == 302
    instance = Instance.objects.get(slug="law")
    assert {name: getattr(instance, name) for name in form} == form


def test_model_no_longer_offered_stays_selected(cast, client_for):
    Instance.objects.filter(slug="law").update(model_id="yesterday")
    page = client_for(cast.owner).get(reverse("administration:answers", args=["law"]))
    assert ("yesterday" in dict(page.context["form"].fields["model_id"].choices)) is True


@pytest.mark.parametrize(("days", "stored"), [("30", 30), ("90", 90), ("91", None), ("", None)])
def test_conversations_are_kept_no_longer_than_by_the_organisation(cast, client_for, days, stored):
    Organisation.objects.update(conversation_days=90)
    url = reverse("administration:general", args=["law"])
    page = client_for(cast.owner).post(url, general_form(conversation_days=days), follow=True).text
    assert ("Saved." in page) is (days != "91")
    cast.instance.refresh_from_db()
    assert cast.instance.conversation_days == stored
