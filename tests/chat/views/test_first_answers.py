"""Instances whose first answers are frugal: extracts or a small model, and the model on demand."""

import pytest
from asgiref.sync import sync_to_async

from inference.catalogue import choose_model
from instances.models import Instance
from instances.tenancy import in_database, in_tenant
from tests.chat.views.test_answers import ASK, LEAVE, events_of, login, post
from tests.inference.factories import LanguageModelFactory
from usage.models import UsageRecord

pytestmark = pytest.mark.usefixtures("closed_connections")


async def test_first_answer_is_frugal_and_the_model_writes_on_demand(
    library, llm, async_client_for
):
    owner = await login(async_client_for, library.owner)
    url = "/i/law/settings/answers/"
    form = (await owner.get(url)).context["form"]
    data = {name: form[name].value() or "" for name in form.fields} | {"reuses_answers": "on"}
    saved = await owner.post(url, data | {"first_model_id": "extractive"})
    assert saved.status_code == 302
    unknown = await owner.post(url, data | {"first_model_id": "none of ours"})
    assert unknown.context["form"].errors["first_model_id"]

    member = await login(async_client_for, library.teammate)
    page = await member.get("/i/law/")
    assert page.context["model"].id == "extractive"
    assert page.context["on_demand"].id == "scripted"
    # Without scripts no model is posted.
    asked = (await post(member, ASK, {"question": LEAVE})).json()
    assert (await events_of(member, asked["events_url"]))[-1][1]["model"] == "extractive"
    assert llm.requests == []
    again = f"/i/law/m/{asked['answer_id']}/regenerate/"
    on_demand = (await post(member, again, {"model": "scripted"})).json()
    assert (await events_of(member, on_demand["events_url"]))[-1][1]["model"] == "scripted"
    assert len(llm.requests) == 1
    # The next question of the conversation is answered frugally again.
    page = await member.get(asked["conversation_url"])
    assert page.context["model"].id == "extractive"
    stranger = await login(async_client_for, library.stranger)
    assert (await post(stranger, again, {"model": "scripted"})).status_code == 404

    # Another answer on demand, to the same question, is no second use of the large model.
    third = (await post(member, again, {"model": "scripted"})).json()
    await events_of(member, third["events_url"])
    records = UsageRecord.objects.for_instance(library.instance).filter(kind="answer")
    found = records.order_by("created_at").values_list("model", "frugal_step", "other_model")
    assert await in_tenant(library.instance, list, found) == [
        ("extractive", "first", "scripted"),
        ("scripted", "on_demand", "extractive"),
        ("scripted", "", ""),
    ]


@pytest.mark.parametrize(
    ("first", "on_demand"),
    [("small", "scripted"), ("scripted", None), ("removed", None), ("", None)],
    ids=["small", "the same", "no longer offered", "none"],
)
async def test_model_on_demand_is_offered_when_another_answers_first(
    library, llm, async_client_for, first, on_demand
):
    await sync_to_async(LanguageModelFactory)(alias="small", active_parameters_b=3.0)
    changes = {"first_model_id": first, "model_id": "scripted"}
    await Instance.objects.filter(pk=library.instance.pk).aupdate(**changes)
    member = await login(async_client_for, library.teammate)
    offered = (await member.get("/i/law/")).context["on_demand"]
    assert (offered.id if offered else None) == on_demand
    # Programs choose their model: their default stays that of the instance.
    instance = await Instance.objects.aget(pk=library.instance.pk)
    assert (await in_database(choose_model, instance)).id == "scripted"
