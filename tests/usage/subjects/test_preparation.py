"""The classifier of the model in use, trained by the periodic task."""

import logging
from collections.abc import Callable

import numpy as np
import pytest

from inference.embedding.client import EmbeddingClient
from instances.models import Sensitivity
from usage.subjects import preparation
from usage.subjects.classifier import UNCLASSIFIED, Subject
from usage.subjects.preparation import classify_question
from usage.tasks import prepare_subjects

pytestmark = pytest.mark.django_db


@pytest.fixture
def subject_of(embeddings: None) -> Callable[[str], Subject]:
    """``subject_of(question)``, embedded by the real model."""
    client = EmbeddingClient.from_settings()
    return lambda question: classify_question(
        client.embed_query(question, sensitivity=Sensitivity.INTERNAL).vector
    )


def test_task_trains_a_classifier_for_all_processes(few_examples, subject_of, monkeypatch):
    question = "Quelle loi s'applique à ce contrat ?"
    assert subject_of(question) == UNCLASSIFIED
    prepare_subjects()
    # This process looks again after a minute, another one at once.
    assert subject_of(question) == UNCLASSIFIED
    monkeypatch.setattr(preparation, "_looked_at", {})
    assert subject_of(question).division == "340"
    assert subject_of(question).margin > 0
    assert subject_of("Quels oiseaux mangent des poissons ?").division == "590"
    assert classify_question(np.ones(7, np.float32)) == UNCLASSIFIED


def test_task_tries_again_later_while_the_model_server_is_away(few_examples, no_embeddings, caplog):
    with caplog.at_level(logging.WARNING):
        prepare_subjects()
    assert "cannot be classified yet" in caplog.text
    assert preparation.stored_classifier() is None
