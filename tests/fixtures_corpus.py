"""An instance whose documents went through the real pipeline: parsed, embedded, searchable."""

from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest

from inference.embedding.client import EmbeddingEndpoint
from ingestion import uploads
from ingestion.attempts.locking import Attempt
from ingestion.models import Document
from ingestion.pipeline import ingest_document
from instances.models import Instance
from instances.tenancy import tenant
from tests.cast import Cast, make_cast
from tests.fixtures_models import ModelServer
from tests.scripted_llm import MODEL, ScriptedLLM

TEXTS = {
    "conges.txt": (
        "Congés annuels\n\nLes maîtres de conférences ont droit à quarante jours de congé par an. "
        "Les doctorants contractuels ont droit à vingt-cinq jours de congé par an. "
        "La demande se fait un mois avant le départ auprès du service du personnel."
    ),
    "bibliotheque.txt": (
        "Bibliothèque universitaire\n\nLa bibliothèque ouvre à huit heures et ferme à vingt. "
        "Un lecteur peut emprunter douze ouvrages pour trois semaines."
    ),
    "missions.txt": (
        "Frais de mission\n\nLes nuits d'hôtel sont remboursées à hauteur de cent vingt euros à "
        "Paris. L'ordre de mission est signé avant le départ."
    ),
}


def add_document(instance: Instance, user: Any, name: str, text: str) -> Document:
    """Upload a text and lead it through the pipeline, in this process."""
    with tenant(instance):
        document, _created = uploads.store_upload(
            instance=instance, user=user, name=name, content=BytesIO(text.encode())
        )
    ingest_document(Attempt.of(document))
    with tenant(instance):
        document.refresh_from_db()
    return document


@pytest.fixture
def embeddings(settings: Any, model_server: ModelServer) -> None:
    """Embeddings come from the real model server."""
    settings.EMBEDDING_BASE_URL = model_server.base_url


@pytest.fixture
def no_embeddings(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No model server is there, and nobody waits for it to come back."""
    settings.EMBEDDING_BASE_URL = "http://127.0.0.1:9/v1"
    patient = EmbeddingEndpoint.from_settings()
    hasty = replace(patient, query_max_wait_s=0.0, passages_max_wait_s=0.0)
    monkeypatch.setattr(EmbeddingEndpoint, "from_settings", lambda: hasty)


@pytest.fixture
def library(transactional_db: None, embeddings: None, no_broker: None) -> Cast:
    """The cast, in an instance that knows ``TEXTS``."""
    cast = make_cast()
    for name, text in TEXTS.items():
        add_document(cast.instance, cast.owner, name, text)
    return cast


@pytest.fixture
def llm(settings: Any, scripted_llm: ScriptedLLM) -> ScriptedLLM:
    """The scripted language model, as the deployment's LLM."""
    settings.LLM_BASE_URL = scripted_llm.base_url
    settings.LLM_MODEL = MODEL
    settings.LLM_FIRST_BYTE_TIMEOUT_S = 10.0
    settings.LLM_READ_TIMEOUT_S = 5.0
    return scripted_llm


@pytest.fixture
def no_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent to workers: the test leads documents through the pipeline itself."""
    monkeypatch.setattr("ingestion.tasks.enqueue", lambda *_arguments: None)
