"""Writes the ``UsageRecord`` of an answer."""

from typing import Any
from uuid import UUID

from prometheus_client import Counter

from inference.catalogue import LanguageModel
from inference.token_usage import TokenUsage
from instances.models import Instance
from people.models import User
from usage.impact import Impact, local_impact, modelled_impact
from usage.models import AnswerStatus, UsageRecord

Outcome = UsageRecord.Outcome

ANSWERS = Counter("ragapp_answers", "Answers given, of this process", ["model", "status"])

# The fields that a later record of the same answer replaces.
_FIGURES = [
    field.name
    for field in UsageRecord._meta.concrete_fields
    if field.name not in {"id", "instance", "request_id", "kind", "created_at"}
]


def impact_of(*, model: LanguageModel, usage: TokenUsage | None, cpu_seconds: float) -> Impact:
    """Return the footprint of an answer: the LLM's when tokens were spent, else our processors'."""
    if usage is None or model.is_extractive:
        return local_impact(cpu_seconds=cpu_seconds)
    return modelled_impact(
        active_parameters_b=model.active_parameters_b,
        total_parameters_b=model.total_parameters_b,
        prompt_tokens=usage.prompt_tokens,
        completion_tokens=usage.completion_tokens,
    )


def record_usage(
    *,
    answer_id: UUID,
    instance_id: int,
    model: LanguageModel,
    status: AnswerStatus,
    usage: TokenUsage | None,
    cpu_seconds: float,
    retrieval_ms: float,
    first_token_ms: float | None,
    total_ms: float,
    user_id: int | None = None,
    api_key_id: int | None = None,
    replace: bool = True,
) -> UsageRecord:
    """Record the cost of an answer: one record, also when called again.

    New figures replace those of an earlier record, unless ``replace`` is false. Runs inside
    ``tenant(instance)``.
    """
    ANSWERS.labels(model=model.id, status=status).inc()
    impact = impact_of(model=model, usage=usage, cpu_seconds=cpu_seconds)
    record = UsageRecord(
        instance_id=instance_id,
        request_id=answer_id,
        **_payer(instance_id),
        user_id=user_id,
        pseudonym=_pseudonym(user_id),
        api_key_id=api_key_id,
        model=model.id,
        outcome=Outcome(status),
        is_extractive=model.is_extractive,
        prompt_tokens=usage.prompt_tokens if usage else 0,
        completion_tokens=usage.completion_tokens if usage else 0,
        cached_tokens=usage.cached_tokens if usage else None,
        reasoning_tokens=usage.reasoning_tokens if usage else None,
        tokens_estimated=usage.estimated if usage else False,
        retrieval_ms=round(retrieval_ms),
        first_token_ms=None if first_token_ms is None else round(first_token_ms),
        total_ms=round(total_ms),
        cpu_seconds=cpu_seconds,
        energy_wh=impact.energy_wh,
        energy_min_wh=impact.energy_wh,
        energy_max_wh=impact.energy_wh,
        gco2e_usage=impact.gco2e_usage,
        gco2e_embodied=impact.gco2e_embodied,
        method=impact.method,
        method_version=impact.method_version,
    )
    if replace:
        UsageRecord.objects.bulk_create(
            [record],
            update_conflicts=True,
            unique_fields=["request_id", "kind"],
            update_fields=_FIGURES,
        )
    else:
        UsageRecord.objects.bulk_create([record], ignore_conflicts=True)
    return record


def _payer(instance_id: int) -> dict[str, Any]:
    """Return the organisation and the cost centre to which the usage of an instance is charged."""
    instance = (
        Instance.objects.filter(pk=instance_id)
        .values_list("organisation_id", "cost_centre", "organisation__cost_centre")
        .first()
    )
    if instance is None:
        # The instance is deleted, so the record will be refused.
        return {}
    organisation_id, cost_centre, default = instance
    return {"organisation_id": organisation_id, "cost_centre": cost_centre or default}


def _pseudonym(user_id: int | None) -> UUID | None:
    return User.objects.filter(pk=user_id).values_list("pseudonym", flat=True).first()
