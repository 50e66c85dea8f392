"""What a connection test asks: any model of a backend, an own key, the backend of the settings."""

from html import unescape

import pytest
from django.urls import reverse

from inference import health
from inference.backends import save_access
from inference.errors import ModelNotFound
from inference.offered_models import connection_of_environment
from instances.models import AuditEntry
from instances.tenancy import overseeing
from tests.cast import make_cast
from tests.factories import UserFactory
from tests.inference.factories import BackendFactory, LanguageModelFactory
from tests.scripted_llm import MODEL, json_reply, stream

LIST = json_reply({"data": [{"id": MODEL, "max_model_len": 4096}, {"id": "lab/two"}]})


@pytest.fixture
def cast(transactional_db):
    return make_cast()


@pytest.fixture
def operator(cast, client_for):
    return client_for(UserFactory(is_staff=True))


@pytest.fixture
def dean(cast, client_for):
    cast.instance.organisation.administrators.create(user=cast.teammate)
    return client_for(cast.teammate)


def page(browser, name, *arguments, **form):
    response = browser.post(reverse(f"administration:{name}", args=arguments), form)
    return " ".join(unescape(response.text).split())


def audited_tests():
    with overseeing():
        entries = AuditEntry.objects.filter(action="backend.tested").order_by("at")
        return [(entry.target, entry.detail.get("model_id"), entry.place) for entry in entries]


def test_each_model_of_a_backend_can_be_tested(operator, scripted_llm):
    backend = BackendFactory(base_url=scripted_llm.base_url, name="GPU")
    first = LanguageModelFactory(backend=backend, label="A one", server_id=MODEL)
    second = LanguageModelFactory(
        backend=backend, label="B two", server_id="lab/two", is_enabled=False
    )
    text = operator.get(reverse("administration:site_backend", args=[backend.pk])).text
    assert f'<option value="{second.pk}">B two</option>' in text
    # By default, the first one that is enabled.
    for chosen, asked in (("", MODEL), (str(first.pk), MODEL), (str(second.pk), "lab/two")):
        scripted_llm.requests.clear()
        scripted_llm.script(LIST, stream("One", " two"))
        text = page(operator, "site_backend_test", backend.pk, model=chosen)
        assert f"The model {asked} answers." in text
        assert {one.body["model"] for one in scripted_llm.requests if one.body} == {asked}
    # It can be tested again, and another one instead.
    assert f'<option value="{second.pk}" selected>B two</option>' in text
    assert "Test again" in text
    assert audited_tests()[-1] == ("GPU", second.alias, "")


@pytest.mark.parametrize("wrong", ["0", "-1", "x", "9" * 30], ids=str)
def test_model_of_another_backend_is_not_tested(operator, scripted_llm, wrong):
    backend = LanguageModelFactory(backend__base_url=scripted_llm.base_url).backend
    elsewhere = str(LanguageModelFactory().pk)
    path = reverse("administration:site_backend_test", args=[backend.pk])
    for model in (wrong, elsewhere):
        assert operator.post(path, {"model": model}).status_code == 404
    assert scripted_llm.requests == []


def test_organisation_tests_a_backend_of_the_site_with_its_own_key(
    cast, dean, client_for, scripted_llm
):
    organisation = cast.instance.organisation
    model = LanguageModelFactory(
        backend__base_url=scripted_llm.base_url, backend__name="GPU", server_id=MODEL
    )
    save_access(model.backend, None, key="sk-of-the-site")
    arguments = (organisation.slug, model.backend_id)
    where = reverse("administration:organisation_backend_access", args=arguments)
    assert "Test the connection" in dean.get(where).text
    for key, expected in ((None, "sk-of-the-site"), ("sk-own", "sk-own")):
        if key:
            save_access(model.backend, organisation, key=key)
        scripted_llm.requests.clear()
        scripted_llm.script(LIST, stream("One"))
        text = page(dean, "organisation_backend_access_test", *arguments, model=str(model.pk))
        assert f"The model {MODEL} answers." in text
        keys = {one.headers["authorization"] for one in scripted_llm.requests}
        assert keys == {f"Bearer {expected}"}
        # The other models of the site's backend are not theirs to add.
        assert "lab/two" not in text
        assert "models/new" not in text
    assert audited_tests()[-1] == ("GPU", model.alias, organisation.name)
    # The words of the server may name its address.
    scripted_llm.script(LIST, json_reply({"error": "10.0.0.1 is out of memory"}, 500))
    text = page(dean, "organisation_backend_access_test", *arguments)
    assert "server failed" in text
    assert "10.0.0.1" not in text
    model.refresh_from_db()
    assert not model.abilities

    path = reverse("administration:organisation_backend_access_test", args=arguments)
    assert client_for(cast.owner).post(path).status_code == 404
    assert client_for(cast.stranger).post(path).status_code == 404
    theirs = BackendFactory(owner=cast.other_instance.organisation)
    wrong = reverse(
        "administration:organisation_backend_access_test", args=[organisation.slug, theirs.pk]
    )
    assert dean.post(wrong).status_code == 404


def test_backend_of_the_settings_is_tested_with_its_warnings(operator, dean, llm, settings):
    settings.LLM_CONTEXT_WINDOW = 8192
    settings.LLM_ABILITIES = ["images"]
    assert "Test the connection" in operator.get(reverse("administration:site_backends")).text
    llm.script(LIST, stream("One", " two"), stream("no"), stream('{"legs": 4}'), stream("Blue"))
    text = page(operator, "site_environment_test")
    assert f"The model {MODEL} answers." in text
    assert f"The context window of {MODEL} is stated as 8,192 tokens" in text
    assert "reads 4,096" in text
    assert "LLM_ABILITIES is “images”; this test found “json”." in text
    assert "lab/two" in text
    assert "models/new" not in text

    llm.script(json_reply({"data": [{"id": "lab/two"}]}), stream("One"))
    assert f"does not list {MODEL}. Correct LLM_MODEL." in page(operator, "site_environment_test")
    assert dean.post(reverse("administration:site_environment_test")).status_code == 404
    settings.LLM_BASE_URL = ""
    assert operator.post(reverse("administration:site_environment_test")).status_code == 404


def test_failure_of_the_backend_of_the_settings_is_shown(operator, llm):
    where = reverse("administration:site_backends")
    assert "no longer serves" not in operator.get(where).text
    health.failed(connection_of_environment(), ModelNotFound("gone"))
    assert "no longer serves this id" in operator.get(where).text
