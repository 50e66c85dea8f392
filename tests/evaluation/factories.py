"""Factories of golden questions and of the runs that ask them."""

import factory

from evaluation.models import (
    EvaluationPolicy,
    EvaluationResult,
    EvaluationRun,
    GoldenQuestion,
    HeldChange,
    question_digest,
)
from evaluation.tried_settings import TriedSettings
from tests.factories import TenantFactory, in_same_instance


class GoldenQuestionFactory(TenantFactory):
    """A question to be refused."""

    class Meta:
        model = GoldenQuestion

    question = factory.Sequence(lambda n: f"What is the {n}th moon of Jupiter?")
    digest = factory.LazyAttribute(lambda golden: question_digest(golden.question))
    must_be_refused = True


class EvaluationRunFactory(TenantFactory):
    """A run under the default settings, which has just been asked for."""

    class Meta:
        model = EvaluationRun

    reason = EvaluationRun.Reason.ASKED
    settings = factory.LazyAttribute(lambda run: TriedSettings.of(run.instance).as_json())


class EvaluationResultFactory(TenantFactory):
    """A question that is not asked yet."""

    class Meta:
        model = EvaluationResult

    run = in_same_instance(EvaluationRunFactory)
    question = in_same_instance(GoldenQuestionFactory)


class EvaluationPolicyFactory(TenantFactory):
    """Changes are held back; there is no schedule."""

    class Meta:
        model = EvaluationPolicy

    holds_back = True


class HeldChangeFactory(TenantFactory):
    """A change to one passage that was discarded."""

    class Meta:
        model = HeldChange

    status = HeldChange.Status.DISCARDED
    changes = factory.LazyFunction(lambda: {"top_k": [6, 1]})
    run_before = in_same_instance(EvaluationRunFactory, status="done")
    run_after = in_same_instance(EvaluationRunFactory, status="done")
