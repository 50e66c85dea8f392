"""Turns of an organisation in the queues of the site's backends: set by operators, with effect."""

from collections import Counter

import pytest
from django.core.cache import cache
from django.urls import reverse

from inference.catalogue import choose_model
from inference.models import ModelRules
from inference.queueing.fair_queue import QueuedRequest, enter
from inference.routing import queue_of
from instances.models import AuditEntry
from instances.tenancy import overseeing
from tests.administration.views.consoles.conftest import url
from tests.factories import UserFactory
from tests.inference.factories import LanguageModelFactory
from tests.inference.queueing.test_fair_queue import turns as turns_of_queue


@pytest.fixture
def operator(cast, client_for):
    return client_for(UserFactory(is_staff=True))


def queue_for(instance):
    (connection,) = choose_model(instance, "m").connections
    return queue_of(connection)


def arrive(instance, number, organisation_id=None):
    organisation_id = organisation_id or instance.organisation_id
    request = QueuedRequest(
        id=f"{organisation_id} {number}",
        process="p",
        organisation_id=organisation_id,
        instance_id=instance.pk,
        person="p",
        is_batch=False,
        arrived_ms=number,
    )
    enter(queue_for(instance), request, may_wait=True)


@pytest.mark.skipif(not hasattr(cache, "client"), reason="CACHE_URL is not set: no Valkey")
def test_operator_gives_an_organisation_more_turns(
    transactional_db, organisation, operator, cast, settings
):
    settings.LLM_BASE_URL = ""
    LanguageModelFactory(alias="m", backend__max_concurrency=1)
    where = url(organisation, "organisation_queue_turns")
    assert operator.post(where, {"turns": "3"}).url == url(organisation, "organisation_backends")
    assert 'value="3"' in operator.get(url(organisation, "organisation_backends")).text
    assert organisation.name in operator.get(reverse("administration:site_backends")).text
    with overseeing():
        entry = AuditEntry.objects.get(action="queue_turns.changed")
    assert (entry.detail, entry.place) == ({"queue_turns": [1, 3]}, organisation.name)

    arrive(cast.other_instance, 0, organisation_id=10**9)
    for number in range(1, 9):
        arrive(cast.other_instance, number)
        arrive(cast.instance, 100 + number)
    order = turns_of_queue(cache.client(), queue_for(cast.instance))[1:9]
    counted = Counter(int(each.split()[0]) for each in order)
    assert counted == {
        cast.instance.organisation_id: 6,
        cast.other_instance.organisation_id: 2,
    }


def test_serving_organisation_has_both(transactional_db, organisation, operator, cast, settings):
    settings.LLM_BASE_URL = ""
    LanguageModelFactory(
        alias="m", backend__serving_organisation=organisation, backend__serving_weight=2
    )
    LanguageModelFactory(alias="own", backend__owner=organisation)
    operator.post(url(organisation, "organisation_queue_turns"), {"turns": "3"})
    assert queue_for(cast.instance).weight == 6
    assert queue_for(cast.other_instance).weight == 1
    (own,) = choose_model(cast.instance, "own").connections
    assert queue_of(own).weight == 1


@pytest.mark.parametrize("wrong", ["0", "101", "x", ""], ids=lambda text: text or "empty")
def test_wrong_number_is_refused_with_the_reason(organisation, operator, wrong):
    path = url(organisation, "organisation_queue_turns")
    page = operator.post(path, {"turns": wrong}, follow=True)
    assert 'class="notice notice-danger' in page.text
    assert not ModelRules.objects.exists()


def test_administrators_cannot_give_themselves_turns(organisation, browser, cast, client_for):
    path = url(organisation, "organisation_queue_turns")
    assert browser.post(path, {"turns": "9"}).status_code == 404
    assert "turns/" not in browser.get(url(organisation, "organisation_backends")).text
    assert client_for(cast.stranger).post(path, {"turns": "9"}).status_code == 404
    # Neither by the rules that they may change, which keep what operators have set.
    ModelRules.objects.create(organisation=organisation, queue_turns=4)
    rules = url(organisation, "organisation_model_rules")
    browser.post(rules, {"max_tokens": "300", "queue_turns": "9"})
    stored = ModelRules.objects.get()
    assert (stored.max_tokens, stored.queue_turns) == (300, 4)
