"""Settings that cannot work stop the start, and the message names what to correct."""

from typing import Any

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from ragapp.settings import rules
from tests.ragapp.test_deployment import manage

LLM = {"LLM_BASE_URL": "http://llm:8000/v1", "LLM_MODEL": "mistral"}
MAIL = {"EMAIL_HOST": "mail", "EMAIL_HOST_USER": "ragapp", "EMAIL_HOST_PASSWORD": "secret"}


class Values(dict[str, Any]):
    """The settings of the tests, with some of them changed."""

    def __missing__(self, name: str) -> Any:
        return getattr(settings, name)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"LLM_BASE_URL": "http://llm:8000/v1"}, ["LLM_BASE_URL", "LLM_MODEL"]),
        ({"LLM_MODEL": "mistral"}, ["LLM_BASE_URL", "LLM_MODEL"]),
        ({"LLM_API_KEY": "key"}, ["LLM_API_KEY", "LLM_BASE_URL"]),
        ({"RERANK_BASE_URL": "http://tei/v1"}, ["RERANK_BASE_URL", "RERANK_MODEL"]),
        ({"RERANK_MODEL": "bge"}, ["RERANK_BASE_URL", "RERANK_MODEL"]),
        ({"ENTAILMENT_MODEL": "nli"}, ["ENTAILMENT_BASE_URL", "ENTAILMENT_MODEL"]),
        ({"EMAIL_HOST_USER": "x", "EMAIL_HOST": "m"}, ["EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD"]),
        ({"EMAIL_HOST_PASSWORD": "x"}, ["EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD"]),
        (MAIL | {"EMAIL_HOST": ""}, ["EMAIL_HOST_USER", "EMAIL_HOST"]),
        (LLM | {"LLM_BASE_URL": "llm:8000"}, ["LLM_BASE_URL"]),
        (LLM | {"LLM_BASE_URL": "http://llm:port/v1"}, ["LLM_BASE_URL"]),
        (LLM | {"LLM_BASE_URL": "http://llm/\n"}, ["LLM_BASE_URL"]),
        (LLM | {"LLM_API_KEY": "key\n"}, ["LLM_API_KEY"]),
        ({"EMBEDDING_BASE_URL": "ftp://models"}, ["EMBEDDING_BASE_URL"]),
        ({"EMBEDDING_BASE_URL": ""}, ["EMBEDDING_BASE_URL"]),
        ({"EMBEDDING_API_KEY": "clé"}, ["EMBEDDING_API_KEY"]),
        ({"EMBEDDING_DIMENSIONS": 0}, ["EMBEDDING_DIMENSIONS"]),
        ({"EMBEDDING_MODELS": ["bge"]}, ["EMBEDDING_MODELS"]),
        ({"EMBEDDING_MODELS": {"bge": {"size": 3}}}, ["EMBEDDING_MODELS", "size"]),
        ({"EMBEDDING_MODELS": {"bge": {"dimensions": "3"}}}, ["EMBEDDING_MODELS", "dimensions"]),
        ({"EMBEDDING_MODELS": {"bge": {"base_url": "tei"}}}, ["EMBEDDING_MODELS", "base_url"]),
        ({"EMBEDDING_MODELS": {"bge": {"sensitivity": "top"}}}, ["EMBEDDING_MODELS", "bge"]),
        ({"SITE_URL": "rag.example"}, ["SITE_URL"]),
        ({"SAML_LOGO_URL": "/logo.png"}, ["SAML_LOGO_URL"]),
        ({"MAX_UPLOAD_BYTES": -1}, ["MAX_UPLOAD_BYTES"]),
        ({"LLM_READ_TIMEOUT_S": 0.0}, ["LLM_READ_TIMEOUT_S"]),
        ({"LLM_TEMPERATURE": 3.0}, ["LLM_TEMPERATURE"]),
        ({"LLM_PUE": 0.5}, ["LLM_PUE"]),
        ({"LLM_LANGUAGES": ["fr", "French"]}, ["LLM_LANGUAGES", "French"]),
        ({"EMAIL_PORT": 70_000}, ["EMAIL_PORT"]),
        ({"LLM_MAX_TOKENS": 8192}, ["LLM_MAX_TOKENS", "LLM_CONTEXT_WINDOW"]),
        ({"LLM_TOTAL_PARAMETERS_B": 1.0}, ["LLM_ACTIVE_PARAMETERS_B", "LLM_TOTAL_PARAMETERS_B"]),
        ({"LOG_LEVEL": "LOUD"}, ["LOG_LEVEL"]),
        ({"LANGUAGE_CODE": "de"}, ["LANGUAGE_CODE"]),
        ({"ELECTRICITY_ZONE": "Mars"}, ["ELECTRICITY_ZONE"]),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, list) else None,
)
def test_values_that_cannot_work(changed: dict[str, Any], named: list[str]) -> None:
    with pytest.raises(ImproperlyConfigured) as refused:
        rules.check(Values(changed))
    (line,) = str(refused.value).splitlines()[1:]
    assert all(name in line for name in named)


@pytest.mark.parametrize("changed", [{}, LLM, MAIL], ids=["defaults", "llm", "mail"])
def test_values_that_work(changed: dict[str, Any]) -> None:
    rules.check(Values(changed))


def test_all_invalid_settings_are_reported_at_once() -> None:
    result = manage("check", LLM_BASE_URL="http://llm:8000/v1", LLM_MODEL="", LLM_PUE="0.5")
    assert result.returncode != 0
    assert "LLM_BASE_URL is set and LLM_MODEL is not" in result.stderr
    assert "LLM_PUE" in result.stderr
