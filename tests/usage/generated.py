"""Usage records with random figures, the same ones in every run."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID, uuid4

from instances.models import Instance, Organisation
from instances.tenancy import tenant
from people.models import User
from usage.models import UsageRecord

BACKENDS = ("vllm", "ollama")
MODELS = ("extractive", "small", "large")
SUBJECTS = ("", "340", "510", "610")
AFFILIATIONS, TRADES = ("", "staff", "student"), ("BAP E", "CNU 26")


def make_records(
    instance: Instance,
    number: int,
    *,
    since: datetime,
    days: int,
    people: Sequence[User] = (),
    serving: Organisation | None = None,
    payers: Sequence[Organisation | None] = (None,),
    seed: int = 1,
) -> list[UsageRecord]:
    """Add ``number`` records to the instance, from ``since`` on.

    ``payers`` are organisations of the people who ask; None: that of the instance.
    """
    random = Random(seed)
    strangers = [UUID(int=random.getrandbits(128)) for _ in range(9)]
    records = [_record(instance, random, people, strangers, serving) for _ in range(number)]
    for record in records:
        if payer := random.choice(payers):
            record.charged_organisation, record.charged_cost_centre = payer, f"C{payer.pk}"
    with tenant(instance):
        UsageRecord.objects.bulk_create(records)
        for record in records:
            record.created_at = since + timedelta(seconds=random.randrange(days * 86_400))
        UsageRecord.objects.bulk_update(records, ["created_at"])
    return records


def _record(
    instance: Instance,
    random: Random,
    people: Sequence[User],
    strangers: Sequence[UUID],
    serving: Organisation | None,
) -> UsageRecord:
    model = random.choice(MODELS)
    user = random.choice(people) if people else None
    pseudonym = user.pseudonym if user else random.choice(strangers)
    energy_wh = random.random() * 10
    has_price = model == "large"
    return UsageRecord(
        instance=instance,
        request_id=uuid4(),
        kind=random.choice(("answer", "answer", "answer", "embedding", "ingestion")),
        outcome=random.choice(("complete", "complete", "complete", "nothing_found", "failed")),
        organisation=instance.organisation,
        cost_centre=random.choice(("", "A1")),
        user=user,
        pseudonym=pseudonym,
        affiliation=AFFILIATIONS[pseudonym.int % 3],
        trade=TRADES[pseudonym.int % 2],
        model=model,
        backend_name="" if model == "extractive" else random.choice(BACKENDS),
        serving_organisation=serving if has_price else None,
        prompt_tokens=random.randrange(2_000),
        cached_tokens=random.choice((None, 5)),
        completion_tokens=random.randrange(500),
        checked_sentences=0 if model == "extractive" else 9,
        unsupported_sentences=0 if model == "extractive" else random.randrange(9),
        moved_citations=random.choice((0, 0, 1)),
        audio_seconds=random.choice((0.0, 0.0, 90.5)),
        total_ms=random.randrange(60_000),
        cpu_seconds=random.random(),
        energy_wh=energy_wh,
        energy_min_wh=energy_wh / 2,
        energy_max_wh=energy_wh * 2,
        gco2e_usage=energy_wh * 0.04,
        gco2e_embodied=energy_wh * 0.08,
        water_l=random.choice((None, 0.01)),
        method="local" if model == "extractive" else "modelled",
        method_version="1",
        cost=Decimal(random.randrange(10_000)).scaleb(-6) if has_price else None,
        currency="EUR" if has_price else "",
        subject=random.choice(SUBJECTS),
    )
