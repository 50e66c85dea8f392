"""Model servers: embedding, reranking, the LLM, and the figures of its footprint."""

from datetime import date
from ipaddress import ip_network
from pathlib import Path
from typing import Any

from environs import validate
from marshmallow.validate import OneOf

from ragapp.settings.environment import DATA_DIR, env

_LEVEL = OneOf(["public", "internal", "restricted"])

# --- Models ---------------------------------------------------------------------------------------
MODELS_DIR: Path = env.path("MODELS_DIR", DATA_DIR / "models")
EMBEDDING_BASE_URL: str = env.str("EMBEDDING_BASE_URL", "http://127.0.0.1:8010/v1")
EMBEDDING_API_KEY: str = env.str("EMBEDDING_API_KEY", "")
EMBEDDING_MODEL: str = env.str("EMBEDDING_MODEL", "intfloat/multilingual-e5-small")
EMBEDDING_DIMENSIONS: int | None = env.int("EMBEDDING_DIMENSIONS", None)
EMBEDDING_QUERY_PREFIX: str = env.str("EMBEDDING_QUERY_PREFIX", "query: ")
EMBEDDING_PASSAGE_PREFIX: str = env.str("EMBEDDING_PASSAGE_PREFIX", "passage: ")
# Energy of a server other than ours: J for a token read, else the parameters (docs/measurement.md).
EMBEDDING_J_PER_TOKEN: float | None = env.float("EMBEDDING_J_PER_TOKEN", None)
EMBEDDING_PARAMETERS_B: float | None = env.float("EMBEDDING_PARAMETERS_B", None)
EMBEDDING_TIMEOUT_S: float = env.float("EMBEDDING_TIMEOUT_S", 60.0)
# Other models that instances may use, by name (inference.embedding.offered).
EMBEDDING_MODELS: Any = env.json("EMBEDDING_MODELS", {})
# The highest level of documents that each server may receive (instances.models.Sensitivity).
EMBEDDING_SENSITIVITY: str = env.str("EMBEDDING_SENSITIVITY", "restricted", validate=_LEVEL)
# Names of persons in questions: a model of spaCy, a package or a folder (docs/backends.md).
NAMES_MODEL: str = env.str("NAMES_MODEL", "fr_core_news_sm")
RERANK_BASE_URL: str = env.str("RERANK_BASE_URL", "")
RERANK_API_KEY: str = env.str("RERANK_API_KEY", "")
RERANK_MODEL: str = env.str("RERANK_MODEL", "")
RERANK_J_PER_TOKEN: float | None = env.float("RERANK_J_PER_TOKEN", None)
RERANK_PARAMETERS_B: float | None = env.float("RERANK_PARAMETERS_B", None)
RERANK_SENSITIVITY: str = env.str("RERANK_SENSITIVITY", "restricted", validate=_LEVEL)
# A model of entailment, for sentences of answers about which rules do not decide.
ENTAILMENT_BASE_URL: str = env.str("ENTAILMENT_BASE_URL", "")
ENTAILMENT_API_KEY: str = env.str("ENTAILMENT_API_KEY", "")
ENTAILMENT_MODEL: str = env.str("ENTAILMENT_MODEL", "")
ENTAILMENT_J_PER_TOKEN: float | None = env.float("ENTAILMENT_J_PER_TOKEN", None)
ENTAILMENT_PARAMETERS_B: float | None = env.float("ENTAILMENT_PARAMETERS_B", None)
ENTAILMENT_SENSITIVITY: str = env.str("ENTAILMENT_SENSITIVITY", "restricted", validate=_LEVEL)

# Recordings: a server of OpenAI's /v1/audio/transcriptions, and its model (docs/operations.md); "":
# only the models of backends. The language is ISO 639-1; "": as heard.
TRANSCRIPTION_BASE_URL: str = env.str("TRANSCRIPTION_BASE_URL", "")
TRANSCRIPTION_API_KEY: str = env.str("TRANSCRIPTION_API_KEY", "")
TRANSCRIPTION_MODEL: str = env.str("TRANSCRIPTION_MODEL", "whisper")
TRANSCRIPTION_SENSITIVITY: str = env.str("TRANSCRIPTION_SENSITIVITY", "restricted", validate=_LEVEL)
TRANSCRIPTION_LANGUAGE: str = env.str("TRANSCRIPTION_LANGUAGE", "")
# J for a second of sound.
TRANSCRIPTION_J_PER_SECOND: float | None = env.float("TRANSCRIPTION_J_PER_SECOND", None)
TRANSCRIPTION_PARAMETERS_B: float | None = env.float("TRANSCRIPTION_PARAMETERS_B", None)
TRANSCRIPTION_TIMEOUT_S: float = env.float("TRANSCRIPTION_TIMEOUT_S", 600.0)

# One OpenAI-compatible LLM; without it answers are extracts (no generation).
LLM_BASE_URL: str = env.str("LLM_BASE_URL", "")
LLM_API_KEY: str = env.str("LLM_API_KEY", "")
LLM_MODEL: str = env.str("LLM_MODEL", "")
LLM_LABEL: str = env.str("LLM_LABEL", "")
LLM_SENSITIVITY: str = env.str("LLM_SENSITIVITY", "restricted", validate=_LEVEL)
LLM_CONTEXT_WINDOW: int = env.int("LLM_CONTEXT_WINDOW", 8192)
LLM_MAX_TOKENS: int = env.int("LLM_MAX_TOKENS", 1024)
LLM_TEMPERATURE: float = env.float("LLM_TEMPERATURE", 0.2)
LLM_FIRST_BYTE_TIMEOUT_S: float = env.float("LLM_FIRST_BYTE_TIMEOUT_S", 120.0)
LLM_READ_TIMEOUT_S: float = env.float("LLM_READ_TIMEOUT_S", 60.0)
# Answers under way at the model, of all web processes; others wait in its queue (decision 028).
LLM_MAX_CONCURRENCY: int = env.int("LLM_MAX_CONCURRENCY", 64, validate=validate.Range(min=1))
LLM_DESCRIPTION: str = env.str("LLM_DESCRIPTION", "")
LLM_PRIORITY_SCHEME: str = env.str(
    "LLM_PRIORITY_SCHEME", "none", validate=OneOf(["none", "vllm", "aristote"])
)
LLM_PRIORITY: int = env.int("LLM_PRIORITY", 0)
# What the model can do beyond text: tools, json, images.
LLM_ABILITIES: list[str] = env.list("LLM_ABILITIES", [])
# Codes of the languages that it writes well, such as fr,en; shown to readers.
LLM_LANGUAGES: list[str] = env.list("LLM_LANGUAGES", [])
# One vLLM prefix cache an instance, so that no tenant can tell what another asked.
LLM_CACHE_SALT: bool = env.bool("LLM_CACHE_SALT", False)
# Where backends added by organisations may be, besides public addresses.
_networks: list[str] = env.list("ORGANISATION_BACKEND_NETWORKS", [])
ORGANISATION_BACKEND_NETWORKS: list[Any] = [ip_network(network) for network in _networks]
# How sbatch, squeue and scancel may be called, separated by ";": "direct", or words before them
# such as "ssh hpc-login". Empty: no jobs of Slurm. Operators choose one for each backend.
_prefixes: list[str] = env.list("SLURM_COMMAND_PREFIXES", [], delimiter=";")
SLURM_COMMAND_PREFIXES: list[str] = [
    "" if prefix.strip() == "direct" else prefix.strip() for prefix in _prefixes if prefix.strip()
]

# --- Measurement ----------------------------------------------------------------------------------
# Parameters, in billions, for the modelled footprint (EcoLogits).
LLM_ACTIVE_PARAMETERS_B: float = env.float("LLM_ACTIVE_PARAMETERS_B", 24.0)
LLM_TOTAL_PARAMETERS_B: float = env.float("LLM_TOTAL_PARAMETERS_B", LLM_ACTIVE_PARAMETERS_B)
LLM_PUE: float = env.float("LLM_PUE", 1.3)
LLM_WUE: float = env.float("LLM_WUE", 0.0)
ELECTRICITY_ZONE: str = env.str("ELECTRICITY_ZONE", "FRA")
# The carbon factor of electricity, its source and its date; None: EcoLogits' for the zone.
CARBON_G_PER_KWH: float | None = env.float("CARBON_G_PER_KWH", None)
CARBON_SOURCE: str = env.str("CARBON_SOURCE", "")
CARBON_DATE: date | None = env.date("CARBON_DATE", None)
CPU_WATTS_PER_CORE: float = env.float("CPU_WATTS_PER_CORE", 5.0)
# Addresses of the LLM's vLLM servers (/metrics) and of the DCGM exporters of their GPUs, and the
# power of these servers without the GPUs, in W.
LLM_METRICS_URLS: list[str] = env.list("LLM_METRICS_URLS", [])
LLM_ENERGY_URLS: list[str] = env.list("LLM_ENERGY_URLS", [])
LLM_HOST_WATTS: float = env.float("LLM_HOST_WATTS", 0.0)
