"""Reserve quotas before a request, and settle them with what it has cost.

One statement each, so that of two requests at a limit only one passes, whichever processes run
them. Counters are always locked in the order of their quotas. All functions run inside
``tenant(instance)``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone

from inference.offered_models import ModelFigures
from inference.token_usage import TokenUsage
from usage.impact import llm_impact, local_impact
from usage.models import Quota, QuotaCharge, QuotaCounter
from usage.prices import cost_of
from usage.quotas.refusals import QuotaReached
from usage.quotas.standings import Standing, standings_of
from usage.quotas.subjects import Applied, QuotaHolder, quotas_for
from web.postgresql.prepared import as_parameter, prepared_cursor

# A reservation as old as this is that of a killed process; those of live ones are renewed.
LEASE = timedelta(minutes=15)
RENEWED_EVERY_MS = 60_000.0
# Longer than the time between two calls of ``renew``.
_RENEWAL_MS = 5_000.0
# A late record of a request is still counted; ``instances_with_expired_charges`` has the same age.
_KEPT = timedelta(days=2)
_COUNTERS_KEPT = timedelta(days=62)
# Processor time of a search with extracts on a small machine.
_SEARCH_CPU_S = 0.5
_STEP = Decimal("0.00000001")

# A request may also begin when nothing is reserved and something is left, so that the rest of a
# quota can be used, and a quota smaller than the estimate of one request does not block everything.
_RESERVE = """
WITH asked AS (
  SELECT * FROM unnest(%(quotas)s::bigint[], %(subjects)s::text[], %(starts)s::timestamptz[],
    %(instances)s::bigint[], %(amounts)s::numeric[])
    AS asked(quota_id, subject, starts_at, instance_id, reserved)
), taken AS (
  INSERT INTO usage_quotacounter AS counter
    (quota_id, subject, starts_at, instance_id, used, reserved)
  SELECT quota_id, subject, starts_at, nullif(instance_id, 0), 0, reserved
  FROM asked ORDER BY quota_id
  ON CONFLICT (quota_id, subject, starts_at) DO UPDATE
    SET reserved = counter.reserved + excluded.reserved
    WHERE EXISTS (SELECT FROM usage_quota AS quota WHERE quota.id = excluded.quota_id AND (
      NOT quota.is_hard OR counter.used + counter.reserved + excluded.reserved <= quota.amount
      OR (counter.reserved = 0 AND counter.used < quota.amount)))
  RETURNING id, quota_id, used, reserved
), charged AS (
  INSERT INTO usage_quotacharge
    (instance_id, request_id, counter_id, reserved, counted, expires_at)
  SELECT %(instance_id)s, %(request_id)s::uuid, taken.id, asked.reserved, 0,
    %(expires_at)s::timestamptz
  FROM taken JOIN asked USING (quota_id)
)
SELECT quota_id, used, reserved FROM taken
"""
# A request that was never recorded, as its process was killed, counts as a request of unknown cost.
# The tokens of a search, which has no passages, are not counted: those of a question are then those
# that the API reports.
_SETTLE = """
WITH charge AS (
  SELECT charge.id, charge.request_id, charge.counter_id, charge.reserved, charge.counted,
    quota.measure, quota.model
  FROM usage_quotacharge AS charge
    JOIN usage_quotacounter AS counter ON counter.id = charge.counter_id
    JOIN usage_quota AS quota ON quota.id = counter.quota_id
  WHERE charge.instance_id = %(instance_id)s AND {condition}
  ORDER BY counter.quota_id, counter.id FOR UPDATE OF counter, charge
), spent AS (
  SELECT charge.*, CASE measure WHEN 'requests' THEN 1 ELSE coalesce((
      SELECT sum(CASE charge.measure
        WHEN 'tokens' THEN CASE WHEN record.kind IN ('embedding', 'vectors', 'rerank', 'entailment')
            AND record.passages = 0 THEN 0
          ELSE record.prompt_tokens + record.completion_tokens END
        WHEN 'energy' THEN record.energy_wh::numeric
        ELSE record.cost END)
      FROM usage_usagerecord AS record
      WHERE record.request_id = charge.request_id AND record.instance_id = %(instance_id)s
        AND charge.model IN ('', record.model)), 0) END AS amount
  FROM charge
), changed AS (
  SELECT counter_id, sum(amount - counted) AS used, sum(reserved) AS reserved
  FROM spent GROUP BY counter_id
), added AS (
  UPDATE usage_quotacounter AS counter
  SET used = counter.used + changed.used, reserved = counter.reserved - changed.reserved
  FROM changed WHERE counter.id = changed.counter_id
)
UPDATE usage_quotacharge AS charge SET reserved = 0, counted = spent.amount
FROM spent WHERE charge.id = spent.id
"""
_SETTLE_REQUEST = _SETTLE.format(condition="charge.request_id = %(request_id)s")
_SETTLE_EXPIRED = _SETTLE.format(condition="charge.reserved > 0 AND charge.expires_at < %(now)s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The most that a request will probably spend: tokens of the model, and our processors."""

    model: ModelFigures
    tokens: TokenUsage

    def amount(self, measure: str) -> Decimal:
        """Return the amount in the unit of the measure."""
        match measure:
            case Quota.Measure.REQUESTS:
                return Decimal(1)
            case Quota.Measure.TOKENS:
                return Decimal(self.tokens.prompt_tokens + self.tokens.completion_tokens)
            case Quota.Measure.COST:
                return (cost_of(self.model, self.tokens) or Decimal()).quantize(_STEP)
        energy_wh = local_impact(cpu_seconds=_SEARCH_CPU_S).energy_max_wh
        if not self.model.is_extractive:
            energy_wh += llm_impact(self.model, self.tokens).energy_max_wh
        return Decimal(energy_wh).quantize(_STEP)


def reserve(holder: QuotaHolder, request_id: UUID, expected: Expected) -> list[Standing]:
    """Reserve what a request will probably spend, of every quota that applies to it.

    Returns these quotas with the reservation. Raises QuotaReached, after which the transaction must
    be rolled back.
    """
    now = timezone.now()
    asked = [
        (applied, amount)
        for applied in quotas_for(holder, now)
        if applied.quota.model in ("", expected.model.id)
        # Extracts spend no tokens and no money, and remain allowed.
        and (amount := expected.amount(applied.quota.measure))
    ]
    if not asked:
        return []
    taken = {row[0]: row[1:] for row in _reserve(holder, request_id, asked, now)}
    refused = [applied for applied, _amount in asked if applied.quota.pk not in taken]
    if refused:
        # The one that resets last says when the question may be asked again.
        last = max(standings_of(refused), key=lambda standing: standing.window.ends_at)
        raise QuotaReached(last, holder)
    return [Standing(applied, *taken[applied.quota.pk]) for applied, _amount in asked]


def renew(instance_id: int, request_id: UUID, *, age_ms: float) -> None:
    """Keep what a request has reserved, as it is still under way after ``age_ms``.

    To be called every three seconds at least; it does something about once a minute.
    """
    if age_ms > RENEWED_EVERY_MS and age_ms % RENEWED_EVERY_MS < _RENEWAL_MS:
        charges = QuotaCharge.objects.for_instance(instance_id).filter(request_id=request_id)
        charges.filter(reserved__gt=0).update(expires_at=timezone.now() + LEASE)


def settle(instance_id: int, request_id: UUID) -> None:
    """Replace what a request has reserved by what its usage records say; may be repeated."""
    parameters = {"instance_id": as_parameter(instance_id), "request_id": request_id}
    with prepared_cursor() as cursor:
        cursor.execute(_SETTLE_REQUEST, parameters)


def settle_expired(instance_id: int, now: datetime) -> None:
    """Settle the requests of killed processes; delete old charges and counters."""
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE_EXPIRED, {"instance_id": instance_id, "now": now})
    QuotaCharge.objects.for_instance(instance_id).filter(expires_at__lt=now - _KEPT).delete()
    QuotaCounter.objects.filter(starts_at__lt=now - _COUNTERS_KEPT).delete()


def _reserve(
    holder: QuotaHolder,
    request_id: UUID,
    asked: Sequence[tuple[Applied, Decimal]],
    now: datetime,
) -> list[tuple[Any, ...]]:
    # Of one type each, so that PostgreSQL plans the statement once (no instance has the key 0).
    values: dict[str, Any] = {
        "quotas": [as_parameter(applied.quota.pk) for applied, _amount in asked],
        "subjects": [applied.subject for applied, _amount in asked],
        "starts": [applied.window.starts_at for applied, _amount in asked],
        "instances": [as_parameter(applied.instance_id or 0) for applied, _amount in asked],
        "amounts": [amount for _applied, amount in asked],
        "instance_id": as_parameter(holder.instance.pk),
        "request_id": request_id,
        "expires_at": now + LEASE,
    }
    with prepared_cursor() as cursor:
        cursor.execute(_RESERVE, values)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows
