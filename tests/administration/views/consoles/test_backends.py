"""Backends and their models: for operators, an organisation's administrators, and strangers."""

from ipaddress import ip_network

import pytest
from django.urls import reverse

from inference import catalogue_rows, health
from inference.backends import save_access
from inference.catalogue import choose_model, offered_models
from inference.errors import ModelNotFound
from inference.models import Backend, LanguageModel
from inference.offered_models import Access, connection_to
from instances.models import AuditEntry, Instance
from instances.tenancy import overseeing
from tests.administration.views.consoles.conftest import url
from tests.factories import UserFactory
from tests.inference.factories import BackendFactory, LanguageModelFactory
from tests.instances.audit.forms import BACKEND, MODEL

SECRET = BACKEND["key"]


@pytest.fixture
def operator(db, client_for):
    return client_for(UserFactory(is_staff=True))


def of_site(name, *arguments):
    return reverse(f"administration:site_{name}", args=arguments)


def test_operator_adds_a_backend_whose_key_is_never_shown(cast, operator, caplog):
    added = operator.post(of_site("backend_new"), BACKEND)
    backend = Backend.objects.get()
    assert added.url == of_site("backend", backend.pk)
    operator.post(of_site("model_new", backend.pk), MODEL)
    model = choose_model(cast.instance, "one")
    figures = model.figures
    assert (model.backend.api_key, model.backend.model) == (SECRET, "lab/one")
    assert (figures.pue, figures.carbon_gco2e_per_kwh) == (1.2, 32)
    assert str(figures.prompt_price) == "0.2500"

    # The key is kept when the backend is changed without it.
    changed = {name: value for name, value in BACKEND.items() if name != "key"} | {"name": "New"}
    operator.post(of_site("backend_edit", backend.pk), changed)
    pages = [
        operator.get(of_site(name, *arguments)).text
        for name, *arguments in (
            ("backends",),
            ("backend", backend.pk),
            ("backend_edit", backend.pk),
            ("model", backend.pk, backend.models.get().pk),
            ("audit",),
        )
    ]
    assert "New" in pages[0]
    assert "A key is stored" in pages[2]
    assert "Backend added" in pages[-1]
    with overseeing():
        log = str(list(AuditEntry.objects.values()))
    assert "'key': 'replaced'" in log
    assert not any(SECRET in text for text in (*pages, log, caplog.text))
    access = backend.accesses.get()
    assert access.encrypted_key
    assert SECRET not in access.encrypted_key
    operator.post(of_site("backend_edit", backend.pk), changed | {"removes_key": "on"})
    access.refresh_from_db()
    assert access.encrypted_key == ""


def test_organisation_adds_a_backend_for_its_own_instances(organisation, browser, cast):
    browser.post(url(organisation, "organisation_backend_new"), BACKEND)
    backend = Backend.objects.get()
    assert backend.owner == organisation
    browser.post(url(organisation, "organisation_model_new", backend.pk), MODEL)
    assert [model.id for model in offered_models(cast.instance)] == ["extractive", "one"]
    assert [model.id for model in offered_models(cast.other_instance)] == ["extractive"]
    assert b"GPU" in browser.get(url(organisation, "organisation_backends")).content


def test_organisation_cannot_reach_backends_of_others(organisation, browser, cast):
    theirs = BackendFactory(owner=cast.other_instance.organisation, name="Secret machine")
    for backend in (theirs, BackendFactory()):
        model = LanguageModelFactory(backend=backend)
        for name, *more in (
            ("backend",),
            ("backend_edit",),
            ("backend_switch",),
            ("backend_remove",),
            ("backend_test",),
            ("model_new",),
            ("model", model.pk),
            ("model_remove", model.pk),
        ):
            path = url(organisation, f"organisation_{name}", backend.pk, *more)
            assert {browser.get(path).status_code, browser.post(path).status_code} <= {404, 405}
    assert Backend.objects.count() == LanguageModel.objects.count() == 2
    assert "Secret machine" not in browser.get(url(organisation, "organisation_backends")).text


@pytest.mark.parametrize(
    ("address", "allowed_for_organisation"),
    [
        ("http://127.0.0.1:8000/v1", False),
        ("http://[::1]/v1", False),
        ("http://10.1.2.3/v1", False),
        ("http://169.254.169.254/latest", False),
        ("http://[::ffff:192.168.1.1]/v1", False),
        ("https://localhost/v1", False),
        ("https://10.20.0.1/v1", True),
        ("https://192.0.31.8/v1", True),
    ],
)
def test_organisation_cannot_use_private_addresses(
    organisation, browser, operator, settings, address, allowed_for_organisation
):
    settings.ORGANISATION_BACKEND_NETWORKS = [ip_network("10.20.0.0/16")]
    form = BACKEND | {"base_url": address}
    browser.post(url(organisation, "organisation_backend_new"), form)
    assert Backend.objects.exists() is allowed_for_organisation
    operator.post(of_site("backend_new"), form)
    assert Backend.objects.filter(owner=None).exists()


def test_counters_of_energy_are_those_of_operators(operator, organisation, browser):
    counters = {
        "metrics_urls": "http://gpu1:8000/metrics\r\nhttp://gpu2:8000/metrics",
        "energy_urls": "http://gpu1:9400/metrics",
        "energy_gpus": "0, 1",
        "host_watts": "350",
    }
    operator.post(of_site("backend_new"), BACKEND | counters)
    saved = Backend.objects.get(owner=None)
    assert saved.metrics_urls.split() == ["http://gpu1:8000/metrics", "http://gpu2:8000/metrics"]
    assert (saved.is_metered, saved.energy_gpus, saved.host_watts) == (True, "0, 1", 350.0)
    page = url(organisation, "organisation_backend_new")
    assert "metrics_urls" not in browser.get(page).text
    browser.post(page, BACKEND | counters | {"base_url": "https://192.0.31.8/v1"})
    assert not Backend.objects.get(owner=organisation).is_metered


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"base_url": "ftp://x/v1"}, "begins with http"),
        ({"base_url": "https://user:pw@x/v1"}, "user name"),
        ({"ca_certificates": "not PEM"}, "PEM format"),
        ({"key": "sk 1"}, "space"),
        ({"pue": "0.5"}, "greater than or equal to 1"),
        ({"metrics_urls": "gpu1:8000/metrics", "energy_urls": "http://gpu1:9400"}, "on each line"),
        ({"metrics_urls": "http://a:b@gpu1", "energy_urls": "http://gpu1:9400"}, "user name"),
        ({"metrics_urls": "http://gpu1:8000/metrics"}, "or neither"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_wrong_backend_is_refused_with_the_reason(operator, wrong, message):
    assert message in operator.post(of_site("backend_new"), BACKEND | wrong).text
    assert not Backend.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"alias": "default"}, "reserved"),
        ({"alias": "taken"}, "has this alias"),
        ({"alias": "a b"}, "valid value"),
        ({"active_parameters_b": 9}, "More than"),
        ({"languages": "fr, English"}, "Not the code of a language: english."),
    ],
    ids=["reserved", "taken", "space", "active", "language"],
)
def test_wrong_model_is_refused_with_the_reason(operator, wrong, message):
    backend = LanguageModelFactory(alias="taken").backend
    assert message in operator.post(of_site("model_new", backend.pk), MODEL | wrong).text
    assert backend.models.count() == 1


def test_backend_of_the_settings_is_shown_to_operators_only(
    operator, organisation, browser, llm, settings
):
    settings.LLM_API_KEY = "sk-of-the-settings"
    text = operator.get(of_site("backends")).text
    assert llm.base_url in text
    assert "sk-of-the-settings" not in text
    assert llm.base_url not in browser.get(url(organisation, "organisation_backends")).text


def test_organisation_uses_a_backend_of_the_site_by_its_own_key(organisation, browser, cast):
    shared = LanguageModelFactory().backend
    save_access(shared, None, key="sk-of-the-site")
    path = url(organisation, "organisation_backend_access", shared.pk)
    for form, mine in (({"key": "sk-own"}, "sk-own"), ({"removes_key": "on"}, "sk-of-the-site")):
        browser.post(path, form)
        text = browser.get(path).text
        assert "sk-" not in text
        rows = catalogue_rows._read("", 0.0)
        assert rows.access(shared.pk, organisation.pk).api_key == mine
        other = cast.other_instance.organisation_id
        assert rows.access(shared.pk, other).api_key == "sk-of-the-site"
    theirs = BackendFactory(owner=cast.other_instance.organisation)
    path = url(organisation, "organisation_backend_access", theirs.pk)
    assert browser.get(path).status_code == 404


def test_failing_model_is_shown_with_what_to_do(operator):
    model = LanguageModelFactory(label="Mistral")
    connection = connection_to(model.backend, model.server_id, Access())
    health.failed(connection, ModelNotFound("gone"))
    assert "failing" in operator.get(of_site("backends")).text
    text = operator.get(of_site("backend", model.backend_id)).text
    assert "no longer serves this id" in text
    assert "Questions go to another backend" in text
    health.succeeded(connection)
    assert "failing" not in operator.get(of_site("backends")).text


def test_disabled_or_removed_backend_stops_at_once(transactional_db, operator):
    model = LanguageModelFactory(alias="m")
    instance = Instance(pk=1, organisation_id=1)
    for act, form, expected in (
        ("backend_switch", {"is_enabled": "no"}, "extractive"),
        ("backend_switch", {"is_enabled": "yes"}, "m"),
        ("backend_remove", {}, "extractive"),
    ):
        operator.post(of_site(act, model.backend_id), form)
        assert choose_model(instance).id == expected
