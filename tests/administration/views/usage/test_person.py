"""One's own usage of all instances: the page, and its export."""

import json
from datetime import UTC, datetime

from asgiref.sync import sync_to_async
from django.test import Client
from django.urls import reverse

from tests.cast import make_cast
from tests.factories import InstanceFactory
from tests.usage.generated import make_records

NOVEMBER = {"length": "month", "day": "2026-11-15"}
SINCE = datetime(2026, 11, 2, tzinfo=UTC)
PERSON = "/usage/"


def test_person_sees_their_usage_of_all_instances(cast, client_for):
    left = InstanceFactory(organisation=cast.instance.organisation)
    own = []
    for seed, instance in enumerate((cast.instance, cast.other_instance, left)):
        people = [cast.teammate, cast.owner]
        made = make_records(instance, 30, since=SINCE, days=10, people=people, seed=seed)
        own += [one for one in made if one.user == cast.teammate]
    client = client_for(cast.teammate)
    dashboard = client.get(PERSON, NOVEMBER).context["dashboard"]
    answers = [one for one in own if one.kind == "answer"]
    assert dashboard.total.questions == len(answers)
    assert dashboard.total.requests == len(own)
    assert {one.label: one.figures.requests for one in dashboard.members} == {
        instance.name: sum(one.instance == instance for one in own)
        for instance in (cast.instance, cast.other_instance, left)
    }
    assert sum(one.figures.questions for one in dashboard.columns) == len(answers)
    assert {one.value for one in dashboard.backends} == {"vllm", "ollama"}
    assert 'href="/usage/"' in client.get("/").text
    page = client.get(PERSON, NOVEMBER).text
    assert page.count("· ragapp</title>") == 1
    # As the other pages outside instances.
    assert ("base_site" in page, "base_settings" in page) == (True, False)
    # Of nobody else: a person without any request sees none.
    assert client_for(cast.stranger).get(PERSON, NOVEMBER).context["dashboard"].members == []
    assert Client().get(PERSON).status_code == 302


async def test_person_exports_their_records_of_all_instances(transactional_db, async_client_for):
    cast = await sync_to_async(make_cast)()

    def fill():
        records = []
        for seed, instance in enumerate((cast.instance, cast.other_instance)):
            people = [cast.teammate, cast.owner]
            records += make_records(instance, 20, since=SINCE, days=10, people=people, seed=seed)
        return [one for one in records if one.user == cast.teammate]

    own = await sync_to_async(fill)()
    client = await sync_to_async(async_client_for)(cast.teammate)
    path = reverse("administration:person_usage_export", args=["json"])
    response = await client.get(path + "?length=month&day=2026-11-15")
    text = b"".join([line async for line in response.streaming_content]).decode()
    found = [(row["instance"], row["energy_wh"]) for row in json.loads(text)]
    assert sorted(found) == sorted((one.instance.slug, one.energy_wh) for one in own)
