"""What is told of the cost of an answer: the details under it."""

import json

import pytest
from asgiref.sync import sync_to_async

from instances.tenancy import in_tenant
from tests.scripted_llm import DONE, Reply, chunk, stream, usage_chunk
from usage.models import UsageRecord

LEAVE = "Combien de jours de congé ont les doctorants ?"
STATED = {"cost": 0.02, "impacts": {"kWh": 0.0015, "kgCO2eq": 0.00007}}

pytestmark = pytest.mark.usefixtures("closed_connections")


@pytest.fixture
def ask(library, async_client_for):
    """``await ask()``: the id of the answer to a question, and the details under it, as a dict."""

    async def ask():
        client = await sync_to_async(async_client_for)(library.teammate)
        body = json.dumps({"question": LEAVE})
        asked = (await client.post("/i/law/ask/", body, content_type="application/json")).json()
        response = await client.get(asked["events_url"])
        pieces = b"".join([piece async for piece in response.streaming_content]).decode()
        done = json.loads(pieces.split("event: done\n")[1].split("data: ")[1].splitlines()[0])
        return asked["answer_id"], done["impact"], dict(done["impact"]["details"])

    return ask


async def record_of(library, answer_id):
    records = UsageRecord.objects.for_instance(library.instance)
    return await in_tenant(library.instance, records.get, request_id=answer_id, kind="answer")


async def test_estimate_of_the_backend_stands_beside_ours(library, llm, ask):
    end = [chunk(finish_reason="stop"), usage_chunk(**STATED), DONE]
    llm.script(Reply([chunk("Vingt-cinq jours [1]."), *end]))
    answer_id, cost, details = await ask()
    said = " ".join(details["Stated by the backend"].split())
    assert said == ("1.5 Wh, 70 mg CO₂e, 0.02 in its unit of cost, by its own method, not included")
    record = await record_of(library, answer_id)
    stated = (record.backend_energy_wh, record.backend_gco2e, record.backend_cost)
    assert stated == (pytest.approx(1.5), pytest.approx(0.07), pytest.approx(0.02))
    # Our figures do not change by it, and the method is ours.
    assert (record.method, cost["method"]) == ("modelled", "modelled")
    assert cost["energy_wh"] == pytest.approx(record.energy_wh)
    assert record.cost is None


async def test_backend_that_states_nothing_is_not_quoted(library, llm, ask):
    llm.script(stream("Vingt-cinq jours [1]."))
    answer_id, _cost, details = await ask()
    assert "Stated by the backend" not in details
    record = await record_of(library, answer_id)
    assert (record.backend_energy_wh, record.backend_gco2e, record.backend_cost) == (None,) * 3
