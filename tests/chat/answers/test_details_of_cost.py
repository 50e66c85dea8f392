"""What readers are told of the cost of an answer."""

import pytest
from django.utils.translation import override

from chat.answers.shown_cost import shown_cost
from usage.models import UsageRecord
from usage.request_costs import RequestCost

Method = UsageRecord.Method


@pytest.mark.parametrize(
    ("method", "words"),
    [
        (Method.MEASURED, "beside their graphics cards"),
        (Method.CALIBRATED, "when the model was calibrated"),
        (Method.MODELLED, "the training of the model"),
        (Method.LOCAL, "The database"),
    ],
    ids=["measured", "calibrated", "modelled", "local"],
)
def test_what_is_not_counted_is_that_of_the_method(method: Method, words: str) -> None:
    record = UsageRecord(kind="answer", outcome="complete", method=method, energy_wh=0.5)
    with override("en"):
        told = dict(shown_cost(RequestCost.of([record]))["details"])["Not counted"]
    assert words in told
    assert ("modelled" in told) == (method in (Method.MEASURED, Method.CALIBRATED))


def test_tokens_are_those_of_language_models() -> None:
    records = [
        UsageRecord(kind="answer", method="modelled", prompt_tokens=1000, completion_tokens=50),
        UsageRecord(kind="rewriting", method="modelled", prompt_tokens=100, completion_tokens=9),
        UsageRecord(kind="embedding", method="local", prompt_tokens=17),
    ]
    with override("en"):
        told = dict(shown_cost(RequestCost.of(records))["details"])["Tokens"]
    assert told == "1,100 read, 59 written"
