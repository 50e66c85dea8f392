"""Factories of usage records, their sums, and quotas."""

from datetime import date
from uuid import uuid4

import factory
from django.utils import timezone
from factory.django import DjangoModelFactory

from tests.factories import TenantFactory
from usage.models import (
    ConnectionTest,
    DailyDuration,
    DailyPerson,
    DailySubject,
    DailyUsage,
    MonthlyDuration,
    MonthlyPerson,
    MonthlySubject,
    MonthlyUsage,
    PendingUsage,
    Quota,
    QuotaCharge,
    QuotaCounter,
    UsageRecord,
)


class UsageRecordFactory(TenantFactory):
    class Meta:
        model = UsageRecord

    request_id = factory.LazyFunction(uuid4)
    user = None
    pseudonym = factory.LazyAttribute(lambda record: record.user.pseudonym if record.user else None)
    organisation = factory.LazyAttribute(lambda record: record.instance.organisation)
    model = "extractive"
    outcome = "complete"
    method = "measured"
    method_version = "1"


def this_month() -> date:
    """The first day of the current month."""
    return timezone.localdate().replace(day=1)


class DailyUsageFactory(TenantFactory):
    class Meta:
        model = DailyUsage

    day = factory.LazyFunction(timezone.localdate)
    organisation = factory.LazyAttribute(lambda row: row.instance.organisation)
    kind = "answer"
    outcome = "complete"
    method = "local"


class DailySubjectFactory(TenantFactory):
    class Meta:
        model = DailySubject

    day = factory.LazyFunction(timezone.localdate)
    method = "local"


class DailyDurationFactory(TenantFactory):
    class Meta:
        model = DailyDuration

    day = factory.LazyFunction(timezone.localdate)
    bucket = 100
    requests = 1


class DailyPersonFactory(TenantFactory):
    class Meta:
        model = DailyPerson

    day = factory.LazyFunction(timezone.localdate)
    organisation = factory.LazyAttribute(lambda row: row.instance.organisation)
    person = factory.LazyFunction(lambda: str(uuid4()))


class MonthlyUsageFactory(TenantFactory):
    class Meta:
        model = MonthlyUsage

    month = factory.LazyFunction(this_month)
    organisation = factory.LazyAttribute(lambda row: row.instance.organisation)
    kind = "answer"
    outcome = "complete"
    method = "local"


class MonthlySubjectFactory(TenantFactory):
    class Meta:
        model = MonthlySubject

    month = factory.LazyFunction(this_month)
    method = "local"


class MonthlyDurationFactory(TenantFactory):
    class Meta:
        model = MonthlyDuration

    month = factory.LazyFunction(this_month)
    bucket = 100
    requests = 1


class MonthlyPersonFactory(TenantFactory):
    class Meta:
        model = MonthlyPerson

    month = factory.LazyFunction(this_month)
    organisation = factory.LazyAttribute(lambda row: row.instance.organisation)
    person = factory.LazyFunction(lambda: str(uuid4()))


class PendingUsageFactory(TenantFactory):
    class Meta:
        model = PendingUsage

    created_at = factory.LazyFunction(timezone.now)


class QuotaFactory(DjangoModelFactory):
    """A quota of the whole site, unless an organisation or an instance is given."""

    class Meta:
        model = Quota

    per = "member"
    amount = 1


class QuotaCounterFactory(DjangoModelFactory):
    class Meta:
        model = QuotaCounter

    quota = factory.SubFactory(QuotaFactory, model=factory.Sequence(lambda n: f"model-{n}"))
    subject = "site"
    starts_at = factory.LazyFunction(timezone.now)


class QuotaChargeFactory(TenantFactory):
    class Meta:
        model = QuotaCharge

    request_id = factory.LazyFunction(uuid4)
    counter = factory.SubFactory(QuotaCounterFactory)
    reserved = 1
    expires_at = factory.LazyFunction(timezone.now)


class ConnectionTestFactory(DjangoModelFactory):
    class Meta:
        model = ConnectionTest

    outcome = "complete"
    model = "m"
    requests = 4
    prompt_tokens = 100
    completion_tokens = 20
    tokens_estimated = False
    total_ms = 900
    energy_wh = energy_min_wh = energy_max_wh = 0.5
    method = "modelled"
    method_version = "v"
    gco2e_usage = gco2e_embodied = 0.1
