"""Statements equal the records, and the balances of all organisations add up to zero."""

from collections import defaultdict
from datetime import UTC, date, datetime
from decimal import Decimal
from random import Random

import pytest

from tests.factories import InstanceFactory
from tests.usage.generated import make_records
from usage.statements.balances import balances_of
from usage.statements.statement import statement_of
from usage.tasks import roll_up_days

NOVEMBER = date(2026, 11, 1)
SINCE = datetime(2026, 11, 2, tzinfo=UTC)


@pytest.fixture
def generated(cast, settings):
    """Records of three organisations, of which two serve each other, and the third itself."""
    settings.SERVICE_PRICE_PER_QUESTION = Decimal("0.015")
    third = InstanceFactory()
    serving = {
        cast.instance: cast.other_instance.organisation,
        cast.other_instance: cast.instance.organisation,
        third: third.organisation,
        InstanceFactory(organisation=third.organisation): None,
    }
    records = [
        record
        for seed, (instance, organisation) in enumerate(serving.items())
        for record in make_records(
            instance, 80, since=SINCE, days=20, serving=organisation, seed=seed
        )
    ]
    roll_up_days()
    return records


def test_statement_equals_the_records(generated, cast):
    organisation = cast.instance.organisation
    statement = statement_of(organisation, NOVEMBER)
    own = [record for record in generated if record.organisation == organisation]
    served = [record for record in generated if record.serving_organisation == organisation]
    inference = sum(record.cost for record in own if record.cost)
    questions = sum(record.kind == "answer" for record in own)
    assert statement.inference.totals == {"EUR": inference}
    assert statement.service.totals == {"EUR": Decimal("0.015") * questions}
    assert statement.served.totals == {"EUR": sum(record.cost for record in served)}
    by_centre = defaultdict(Decimal)
    for line in statement.inference.lines:
        by_centre[line.cost_centre] += line.amount
    assert by_centre == {
        centre: sum(record.cost for record in own if record.cost and record.cost_centre == centre)
        for centre in ("", "A1")
    }
    # What has no price is listed with its tokens.
    tokens = sum(record.prompt_tokens + record.completion_tokens for record in own)
    assert sum(line.tokens for line in statement.inference.lines) == tokens
    assert statement_of(organisation, date(2026, 12, 1)).balances == {}


def payer_of(record):
    return record.charged_organisation or record.organisation


@pytest.mark.parametrize("seed", range(4))
def test_ledger_balances_whoever_serves_whom(cast, settings, seed):
    """Four instances of up to three organisations, each served by one of them or by nobody.

    People of each of them ask in all.
    """
    random = Random(seed)
    settings.SERVICE_PRICE_PER_QUESTION = Decimal(random.randrange(100)).scaleb(-4)
    instances = [cast.instance, cast.other_instance, InstanceFactory()]
    organisations = [instance.organisation for instance in instances]
    instances.append(InstanceFactory(organisation=random.choice(organisations)))
    records = [
        record
        for number, instance in enumerate(instances)
        for serving in random.sample([None, *organisations], 2)
        for record in make_records(
            instance,
            random.randrange(60),
            since=SINCE,
            days=27,
            serving=serving,
            payers=(None, *(one for one in organisations if one != instance.organisation)),
            seed=100 * seed + 10 * number + organisations.index(serving) if serving else number,
        )
    ]
    roll_up_days()
    balances = balances_of(NOVEMBER)
    assert sum(one.due.get("EUR", 0) for one in balances) == 0
    for one in balances:
        if one.organisation is None:
            continue
        statement = statement_of(one.organisation, NOVEMBER)
        assert statement.balances == one.due
        own = [record for record in records if record.organisation == one.organisation]
        paid = [each for each in records if payer_of(each) == one.organisation]
        charged = sum(record.cost for record in paid if record.cost)
        questions = sum(record.kind == "answer" for record in own)
        served = [each for each in records if each.serving_organisation == one.organisation]
        credited = sum(record.cost for record in served)
        assert statement.inference.totals.get("EUR", 0) == charged
        # Of what its people used elsewhere, none has the cost centre of another organisation.
        assert {line.cost_centre for line in statement.inference.lines} <= {
            *("", "A1"),
            f"C{one.organisation.pk}",
        }
        assert statement.served.totals.get("EUR", 0) == credited
        service = questions * settings.SERVICE_PRICE_PER_QUESTION
        assert statement.service.totals.get("EUR", 0) == service
        assert one.due.get("EUR", 0) == charged + service - credited


@pytest.mark.usefixtures("generated")
def test_ledger_balances():
    balances = balances_of(NOVEMBER)
    assert [one.organisation is None for one in balances] == [False, False, False, True]
    assert sum(one.due["EUR"] for one in balances) == 0
    assert all(one.due["EUR"] for one in balances)
    for one in balances[:-1]:
        assert statement_of(one.organisation, NOVEMBER).balances == one.due
