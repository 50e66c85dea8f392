"""Which models may answer in an instance."""

from datetime import date
from typing import Any

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from inference import backends, catalogue_rows
from inference.catalogue import (
    Refusal,
    choose_model,
    known_model,
    model_choices,
    model_names,
    offered_models,
)
from inference.models import ModelRules
from inference.routing import queue_of
from instances.models import Instance
from tests.cast import Cast
from tests.inference.factories import BackendAccessFactory, BackendFactory, LanguageModelFactory
from tests.scripted_llm import MODEL, ScriptedLLM


def ids(instance: Instance) -> list[str]:
    return [model.id for model in offered_models(instance)]


def test_models_of_the_site_and_of_the_own_organisation_are_offered(
    cast: Cast, llm: ScriptedLLM
) -> None:
    mine, theirs = (each.organisation for each in (cast.instance, cast.other_instance))
    LanguageModelFactory(alias="of-site", backend__priority=2)
    LanguageModelFactory(alias="first-of-site", backend__priority=1)
    LanguageModelFactory(alias="mine", backend__owner=mine)
    LanguageModelFactory(alias="theirs", backend__owner=theirs)
    LanguageModelFactory(alias="off", is_enabled=False)
    LanguageModelFactory(alias="of-disabled", backend__is_enabled=False)
    assert ids(cast.instance) == ["extractive", "mine", MODEL, "first-of-site", "of-site"]
    assert ids(cast.other_instance) == ["extractive", "theirs", MODEL, "first-of-site", "of-site"]
    assert choose_model(cast.instance, "theirs", "of-site").id == "of-site"
    assert known_model(cast.instance, "theirs") is None
    assert "theirs" not in model_names(cast.instance)
    cast.instance.model_id = "first-of-site"
    assert choose_model(cast.instance, "gone").id == "first-of-site"


def test_backend_that_the_organisation_serves_comes_before_others_of_the_site(cast: Cast) -> None:
    mine, theirs = (each.organisation for each in (cast.instance, cast.other_instance))
    for name, serving, priority in (("far", theirs, 1), ("near", mine, 9)):
        backend = BackendFactory(serving_organisation=serving, priority=priority, name=name)
        LanguageModelFactory(alias="m", backend=backend)
    names = [
        [figures.backend_name for figures, _connection in choose_model(each, "m").connections]
        for each in (cast.instance, cast.other_instance)
    ]
    assert names == [["near", "far"], ["far", "near"]]


def test_carbon_factor_has_its_date(cast: Cast) -> None:
    backend = BackendFactory(
        carbon_gco2e_per_kwh=56, carbon_source="RTE", carbon_date=date(2026, 1, 31)
    )
    LanguageModelFactory(alias="m", backend=backend)
    assert choose_model(cast.instance, "m").figures.carbon_source == "RTE, 2026-01-31"


def test_one_alias_on_several_backends_is_one_model_with_alternatives(cast: Cast) -> None:
    organisation = cast.instance.organisation
    for name, owner, priority in (("far", None, 9), ("near", None, 1), ("own", organisation, 99)):
        LanguageModelFactory(
            alias="m", label=name, backend=BackendFactory(owner=owner, priority=priority, name=name)
        )
    model = choose_model(cast.instance, "m")
    places = [
        (figures.backend_name, connection.is_restricted_to_public)
        for figures, connection in model.connections
    ]
    assert places == [("own", True), ("near", False), ("far", False)]
    assert model_names(cast.instance)["m"] == "own"


def test_backend_at_the_metered_servers_is_metered(cast: Cast, settings: Any) -> None:
    settings.LLM_METRICS_URLS = ["http://gpu:8000/metrics"]
    for name, address in (("gpu", "http://gpu:8000/v1"), ("other", "http://gpu:9000/v1")):
        LanguageModelFactory(alias=name, server_id="m", backend__base_url=address)
    metered = {model.id: model.figures.is_metered for model in offered_models(cast.instance)}
    assert metered == {"extractive": False, "gpu": True, "other": False}


@pytest.mark.parametrize(
    ("level", "offered"),
    [("public", False), ("internal", True), ("restricted", True)],
)
def test_backend_below_the_sensitivity_of_the_documents_is_not_offered(
    cast: Cast, level: str, offered: bool
) -> None:
    cast.instance.sensitivity = "internal"
    LanguageModelFactory(alias="m", backend__sensitivity=level)
    assert ("m" in ids(cast.instance)) is offered
    # Its name and its cost are still known.
    assert known_model(cast.instance, "m") is not None


def test_instance_chooses_among_what_its_organisation_allows(cast: Cast) -> None:
    for alias in ("a", "b", "c"):
        LanguageModelFactory(alias=alias)
    organisation = cast.instance.organisation
    backends.save_rules(
        ModelRules(organisation=organisation, allowed=["a", "b"], default="b", max_tokens=300)
    )
    backends.save_rules(ModelRules(instance=cast.instance, allowed=["b", "c"], max_tokens=200))
    refusals = {choice.model.id: choice.refusal for choice in model_choices(cast.instance)}
    assert refusals == {
        "extractive": None,
        "a": Refusal.INSTANCE,
        "b": None,
        "c": Refusal.ORGANISATION,
    }
    assert choose_model(cast.instance, "a", "c").id == "b"
    assert choose_model(cast.instance).max_tokens == 200
    assert ids(cast.other_instance) == ["extractive", "a", "b", "c"]
    assert choose_model(cast.other_instance).max_tokens is None


def test_serving_organisation_has_its_weight_in_the_queue(cast: Cast) -> None:
    organisation = cast.instance.organisation
    LanguageModelFactory(
        alias="m", backend__serving_organisation=organisation, backend__serving_weight=3
    )
    weights = [
        queue_of(choose_model(instance, "m").connections[0]).weight
        for instance in (cast.instance, cast.other_instance)
    ]
    assert weights == [3, 1]


def test_organisation_uses_its_own_key_and_others_that_of_all(cast: Cast) -> None:
    backend = BackendFactory(kind="aristote")
    LanguageModelFactory(alias="m", backend=backend)
    backends.save_access(backend, None, key="sk-of-all", request_priority=1)
    backends.save_access(
        backend, cast.instance.organisation, key="sk-mine", routing_mode="private-only"
    )
    mine, theirs = (
        choose_model(instance).backend for instance in (cast.instance, cast.other_instance)
    )
    assert mine is not None
    assert theirs is not None
    assert (mine.api_key, mine.priority_scheme, mine.routing_mode) == (
        "sk-mine", "none", "private-only",
    )  # fmt: skip
    assert (theirs.api_key, theirs.priority_scheme, theirs.priority) == ("sk-of-all", "aristote", 1)
    assert "sk-mine" not in repr(choose_model(cast.instance))
    body = mine.request_body([], max_tokens=1, temperature=0)
    assert body["routing-mode"] == "private-only"


def test_unreadable_key_is_left_out(cast: Cast, caplog: pytest.LogCaptureFixture) -> None:
    access = BackendAccessFactory(encrypted_key="unreadable")
    LanguageModelFactory(alias="m", backend=access.backend)
    model = choose_model(cast.instance)
    assert model.backend is not None
    assert model.backend.api_key == ""
    assert "SECRET_KEY_FALLBACKS" in caplog.text


@pytest.mark.parametrize("is_shared", [True, False], ids=["cache", "no-cache"])
def test_rows_are_queried_once_until_they_change(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch, is_shared: bool
) -> None:
    model = LanguageModelFactory(alias="m")
    instance = Instance(pk=1, organisation_id=1)
    if not is_shared:
        # As while the server of the cache does not answer.
        monkeypatch.setattr(cache, "get", lambda key, default=None: default)
    assert ids(instance) == ["extractive", "m"]
    with CaptureQueriesContext(connection) as queries:
        assert ids(instance) == ["extractive", "m"]
    assert (len(queries) == 0) is is_shared

    model.is_enabled = False
    backends.save_model(model)
    assert ids(instance) == ["extractive"]


def test_missed_change_is_seen_after_half_a_minute(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    LanguageModelFactory(alias="m")
    instance = Instance(pk=1, organisation_id=1)
    assert ids(instance) == ["extractive", "m"]
    LanguageModelFactory(alias="late")
    assert ids(instance) == ["extractive", "m"]
    monkeypatch.setattr(catalogue_rows, "_LONGEST_S", -1.0)
    assert ids(instance) == ["extractive", "m", "late"]
