"""From a new backend to the statement: operator, administrator and member in a real browser."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.chat.asking import CHAT, LEAVE, ask, finished
from tests.factories import OrganisationAdministratorFactory, UserFactory
from tests.scripted_llm import MODEL
from usage.tasks import roll_up_days, roll_up_months

pytestmark = pytest.mark.django_db(transaction=True)


def test_backend_is_added_allowed_asked_limited_and_charged(library, scripted_llm, page_for, axe):
    serving = library.other_instance.organisation
    page = page_for(UserFactory(username="operator", is_staff=True), locale="fr-FR")
    add_backend(page, scripted_llm.base_url, serving.name)
    add_model(page)

    page = page_for(library.owner, locale="en-GB")
    page.goto("/i/law/settings/answers/")
    page.get_by_role("checkbox", name="Petit modèle").check()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("checkbox", name="Petit modèle")).to_be_checked()
    page.goto("/i/law/settings/quotas/new/")
    page.locator("[name=amount]").fill("1")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("link", name="1 request")).to_be_visible()

    page = page_for(library.teammate, locale="fr-FR")
    page.goto(CHAT)
    estimate = page.locator("[data-estimate=petit]")
    expect(estimate).to_be_visible()
    expect(estimate).to_contain_text(re.compile(r"\d.*Wh"))
    ask(page, LEAVE)
    answer = finished(page)
    expect(answer.locator("[data-written-by]")).to_contain_text("Petit modèle")
    expect(answer.locator("[data-measures-line]")).to_have_text(re.compile(r"\bs · .*\d.*Wh.*CO"))
    expect(page.locator("quota-lines [role=status]")).to_be_visible()
    assert axe(page) == []

    ask(page, "Combien d’ouvrages un lecteur peut-il emprunter ?")
    refusal = page.locator("chat-composer [data-problem]")
    expect(refusal).to_contain_text("owner")
    expect(page.locator("textarea[name=question]")).to_have_value(re.compile("ouvrages"))
    expect(page.locator("chat-answer")).to_have_count(1)
    assert axe(page) == []
    asked = [one for one in scripted_llm.requests if LEAVE in str(one.body)]
    assert asked[-1].headers["authorization"] == "Bearer a-key-of-the-site"

    roll_up_days()
    roll_up_months()
    page = page_for(library.owner, locale="en-GB")
    page.goto("/i/law/usage/")
    models = page.get_by_role("region", name="Models")
    expect(models.get_by_role("row", name="petit")).to_be_visible()
    servers = page.get_by_role("region", name="Servers of language models")
    expect(servers.get_by_role("row", name="Calcul de la fac")).to_be_visible()
    page = page_for(library.teammate, locale="fr-FR")
    page.goto("/")
    page.get_by_role("button", name=library.teammate.display_name).click()
    page.get_by_role("link", name="Ma consommation").click()
    expect(page.get_by_role("row", name=library.instance.name)).to_contain_text("Wh")
    assert axe(page) == []
    dean = OrganisationAdministratorFactory(organisation=library.instance.organisation).user
    page = page_for(dean, locale="fr-FR")
    page.goto(f"/o/{library.instance.organisation.slug}/statements/")
    expect(page.locator("tr", has_text=serving.name)).to_contain_text("petit")
    assert axe(page) == []


def add_backend(page: Page, base_url: str, serving: str) -> None:
    """Add a backend with a key, and test its connection."""
    page.goto("/organisations/backends/")
    page.get_by_role("link", name="Ajouter un serveur").first.click()
    page.locator("[name=name]").fill("Calcul de la fac")
    page.locator("[name=base_url]").fill(base_url)
    page.locator("[name=serving_organisation]").select_option(label=serving)
    page.locator("[name=key]").fill("a-key-of-the-site")
    page.get_by_role("button", name="Enregistrer").click()
    page.get_by_role("button", name="Tester la connexion").click()
    expect(page.get_by_role("status").first).to_contain_text(f"{MODEL} répond")


def add_model(page: Page) -> None:
    """Add the model that the test of the connection has listed, at a price."""
    page.get_by_role("row", name=MODEL).get_by_role("link").click()
    values = {
        "alias": "petit",
        "label": "Petit modèle",
        "total_parameters_b": "4",
        "active_parameters_b": "4",
        "prompt_price": "500",
        "completion_price": "500",
    }
    for name, value in values.items():
        page.locator(f"[name={name}]").fill(value)
    page.get_by_role("button", name="Enregistrer").click()
    expect(page.get_by_role("link", name="Petit modèle")).to_be_visible()
