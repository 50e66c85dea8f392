"""The pages of the audit log: search, export, access."""

import csv
import io
import json
import re
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from instances import audit
from instances.audit import Action
from tests.cast import make_cast
from tests.factories import OrganisationAdministratorFactory, UserFactory


def test_log_is_searched_by_person_action_and_date(cast, client_for):
    ada = UserFactory(username="ada", first_name="Ada", last_name="Lovelace")
    with audit.acting_as(audit.Origin(user=ada, address="192.0.2.1")):
        audit.record(Action.MEMBER_ADDED, instance=cast.instance, target="Bob Martin")
    audit.record(Action.INSTANCE_ARCHIVED, instance=cast.instance)
    owner, path = client_for(cast.owner), reverse("administration:instance_audit", args=["law"])

    def shown(**query):
        page = owner.get(path, query)
        return [one["entry"].action for one in page.context["entries"]]

    assert shown() == ["instance.archived", "member.added"]
    assert shown(person="lovelace") == shown(person="Martin bob") == ["member.added"]
    assert shown(action="instance.archived") == ["instance.archived"]
    today = timezone.localdate()
    assert len(shown(since=today, until=today)) == 2
    assert shown(until=today - timedelta(days=1)) == []
    assert len(shown(since="0001-01-01", until="9999-12-31")) == 2
    assert shown(person="\0") == []
    assert len(shown(since="yesterday", action="nonsense", after="nonsense")) == 2
    text = owner.get(path).text
    assert f"Ada Lovelace (ada, no. {ada.pk}) added Bob Martin to Faculté de droit." in text
    assert "The site itself archived Faculté de droit." in text
    assert "from 192.0.2.1" in text


def test_log_leads_to_newer_and_oldest_entries_and_to_a_day(
    cast, client_for, django_assert_max_num_queries
):
    audit.record_all(Action.MEMBER_LOST, map(str, range(130)), instance=cast.instance)
    owner, path = client_for(cast.owner), reverse("administration:instance_audit", args=["law"])

    def links(query):
        text = owner.get(path + query, headers={"accept-language": "en"}).text
        pager = text.partition('<nav class="pager')[2].partition("</nav>")[0]
        found = re.findall(r'href="([^"]*)">(?:\s|<svg.*?</svg>)*(\w+)', pager, re.DOTALL)
        return {name: url for url, name in found}

    assert set(links("")) == {"Older", "Oldest"}
    middle = links("")["Older"]
    assert set(links(middle)) == {"Latest", "Newer", "Older", "Oldest"}
    assert set(links(links("")["Oldest"])) == {"Latest", "Newer"}
    today, tomorrow = timezone.localdate(), timezone.localdate() + timedelta(days=1)
    shown = [owner.get(path, {"day": day}).context["page"] for day in (today, tomorrow)]
    assert [len(page.entries) for page in shown] == [50, 50]
    before = owner.get(path, {"day": today - timedelta(days=1)})
    assert "No older entry" in before.text
    assert len(owner.get(path, {"day": "yesterday"}).context["page"].entries) == 50
    oldest = links("")["Oldest"]
    with CaptureQueriesContext(connection) as latest:
        owner.get(path)
    with django_assert_max_num_queries(len(latest)):
        owner.get(path + oldest)


@pytest.fixture
def logged(transactional_db):
    """The cast, an entry with a formula in it, and who may read what."""
    cast = make_cast()
    audit.record(Action.MEMBER_ADDED, instance=cast.instance, target='=HYPERLINK("x")', role="é")
    audit.record(Action.MEMBER_ADDED, instance=cast.other_instance, target="elsewhere")
    organisation = cast.instance.organisation
    dean = OrganisationAdministratorFactory(organisation=organisation).user
    operator = UserFactory(is_staff=True)
    paths = {
        "instance": (
            cast.owner,
            reverse("administration:instance_audit_export", args=["law", "csv"]),
        ),
        "organisation": (
            dean,
            reverse("administration:organisation_audit_export", args=[organisation.slug, "csv"]),
        ),
        "site": (operator, reverse("administration:site_audit_export", args=["csv"])),
    }
    return cast, paths


async def body(response):
    return b"".join([piece async for piece in response.streaming_content]).decode()


@pytest.mark.parametrize("level", ["instance", "organisation", "site"])
async def test_export_contains_its_level_and_is_audited(logged, async_client_for, level):
    _cast, paths = logged
    person, path = paths[level]
    client = await sync_to_async(async_client_for)(person)
    response = await client.get(path)
    assert response["Content-Disposition"].startswith("attachment")
    text = await body(response)
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert rows[0]["action"] == "log.exported"
    targets = {row["target"] for row in rows[1:]}
    assert targets == {'\'=HYPERLINK("x")'} | ({"elsewhere"} if level == "site" else set())
    lines = await body(await client.get(path.replace(".csv", ".jsonl"), {"action": "member.added"}))
    entries = [json.loads(line) for line in lines.splitlines()]
    assert {entry["action"] for entry in entries} == {"member.added"}
    assert entries[-1]["detail"] == {"role": "é"} or level == "site"
    assert (await client.get(path.replace(".csv", ".exe"))).status_code == 404


@pytest.mark.parametrize("person", ["editor", "teammate"])
def test_members_cannot_read_the_log(cast, client_for, person):
    path = reverse("administration:instance_audit", args=["law"])
    assert client_for(getattr(cast, person)).get(path).status_code == 403
