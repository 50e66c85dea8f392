"""What the values of settings must be beyond their type, alone and together.

``ragapp.settings`` calls ``check`` at its end: a deployment whose settings cannot work does not
start, and one message names everything to correct.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from inference.base_urls import check_address
from inference.chat_options import Ability

_URLS = (
    "SITE_URL",
    "LLM_BASE_URL",
    "EMBEDDING_BASE_URL",
    "RERANK_BASE_URL",
    "ENTAILMENT_BASE_URL",
    "TRANSCRIPTION_BASE_URL",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "SAML_ORGANISATION_URL",
    "SAML_PRIVACY_URL",
    "SAML_LOGO_URL",
)
_URL_LISTS = ("LLM_METRICS_URLS", "LLM_ENERGY_URLS")
_REQUIRED = ("SITE_URL", "EMBEDDING_BASE_URL", "EMBEDDING_MODEL", "TRANSCRIPTION_MODEL")
# A server gets them in a header: a line break or an accent could not be sent.
_KEYS = (
    "LLM_API_KEY",
    "EMBEDDING_API_KEY",
    "RERANK_API_KEY",
    "ENTAILMENT_API_KEY",
    "TRANSCRIPTION_API_KEY",
)
_PRINTABLE = re.compile(r"[!-~]*")
_POSITIVE = (
    "MAX_UPLOAD_BYTES",
    "MAX_RESUMABLE_BYTES",
    "UPLOADS_KEPT_HOURS",
    "PARSE_MEMORY_BYTES",
    "PARSE_CPU_SECONDS",
    "PARSE_MAX_PAGES",
    "PARSE_MAX_TEXT_CHARS",
    "ARCHIVE_MAX_MEMBERS",
    "ARCHIVE_MAX_BYTES",
    "CHUNK_TOKENS",
    "EMBEDDING_DIMENSIONS",
    "EMBEDDING_TIMEOUT_S",
    "EMBEDDING_J_PER_TOKEN",
    "EMBEDDING_PARAMETERS_B",
    "RERANK_J_PER_TOKEN",
    "RERANK_PARAMETERS_B",
    "ENTAILMENT_J_PER_TOKEN",
    "ENTAILMENT_PARAMETERS_B",
    "TRANSCRIPTION_J_PER_SECOND",
    "TRANSCRIPTION_PARAMETERS_B",
    "TRANSCRIPTION_TIMEOUT_S",
    "LLM_CONTEXT_WINDOW",
    "LLM_MAX_TOKENS",
    "LLM_FIRST_BYTE_TIMEOUT_S",
    "LLM_READ_TIMEOUT_S",
    "LLM_ACTIVE_PARAMETERS_B",
    "LLM_TOTAL_PARAMETERS_B",
    "CPU_WATTS_PER_CORE",
)
_RANGES: Mapping[str, tuple[float, float]] = {
    "DATABASE_POOL_SIZE": (0, 1_000),
    "EMAIL_PORT": (1, 65_535),
    "LLM_TEMPERATURE": (0, 2),
    # Of a data centre: total energy over that of its computers; litres of water a kWh.
    "LLM_PUE": (1, 10),
    "LLM_WUE": (0, 100),
    # Grams of CO2 equivalent for a kWh.
    "CARBON_G_PER_KWH": (0, 3_000),
    "LLM_HOST_WATTS": (0, 1_000_000),
}
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "LANGUAGE_CODE": ("fr", "en"),
    "LOG_LEVEL": ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
}
_LANGUAGE = re.compile(r"[a-z]{2,3}")
_CHOICE_LISTS: Mapping[str, tuple[str, ...]] = {"LLM_ABILITIES": tuple(Ability)}
# Each of a pair means nothing without the other.
_PAIRS = (
    ("LLM_BASE_URL", "LLM_MODEL"),
    ("CARBON_G_PER_KWH", "CARBON_SOURCE"),
    ("LLM_METRICS_URLS", "LLM_ENERGY_URLS"),
    ("RERANK_BASE_URL", "RERANK_MODEL"),
    ("ENTAILMENT_BASE_URL", "ENTAILMENT_MODEL"),
    ("EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD"),
)
# The first means nothing without the second.
_NEEDS = (
    ("LLM_API_KEY", "LLM_BASE_URL"),
    ("RERANK_API_KEY", "RERANK_BASE_URL"),
    ("ENTAILMENT_API_KEY", "ENTAILMENT_BASE_URL"),
    ("TRANSCRIPTION_API_KEY", "TRANSCRIPTION_BASE_URL"),
    ("EMAIL_HOST_USER", "EMAIL_HOST"),
    ("EMAIL_USE_TLS", "EMAIL_HOST"),
    ("CARBON_DATE", "CARBON_G_PER_KWH"),
    ("OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_ENDPOINT"),
    ("TRACES_WITH_CONTENT", "OTEL_EXPORTER_OTLP_ENDPOINT"),
)

Settings = Mapping[str, Any]


def check(settings: Settings) -> None:
    """Raise ImproperlyConfigured, naming each setting whose value cannot work."""
    if found := [problem for rule in _RULES for problem in rule(settings)]:
        raise ImproperlyConfigured("The settings cannot work:\n- " + "\n- ".join(found))


def _values(settings: Settings) -> Iterator[str]:
    for name in _REQUIRED:
        if not settings[name]:
            yield f"{name} is empty: give it a value, or leave it out for its default."
    for name in _URLS:
        if settings[name] and not _is_address(settings[name]):
            yield f"{name} is no http(s) address: {settings[name]!r}."
    for name in _URL_LISTS:
        for url in settings[name]:
            if not _is_address(url):
                yield f"{name} has no http(s) address: {url!r}."
    for name in _KEYS:
        if not _PRINTABLE.fullmatch(settings[name]):
            yield f"{name} holds a space, a line break or a letter outside ASCII."
    for name in _POSITIVE:
        if settings[name] is not None and settings[name] <= 0:
            yield f"{name} must be greater than 0, not {settings[name]}."
    for name, (lowest, highest) in _RANGES.items():
        if settings[name] is not None and not lowest <= settings[name] <= highest:
            yield f"{name} must be between {lowest} and {highest}, not {settings[name]}."
    for name, choices in _CHOICES.items():
        if settings[name] not in choices:
            yield f"{name} must be one of {', '.join(choices)}, not {settings[name]!r}."
    for name, choices in _CHOICE_LISTS.items():
        if unknown := set(settings[name]) - set(choices):
            yield f"{name} must hold {', '.join(choices)} only, not {', '.join(sorted(unknown))}."
    if wrong := [code for code in settings["LLM_LANGUAGES"] if not _LANGUAGE.fullmatch(code)]:
        yield f"LLM_LANGUAGES must hold codes such as fr,en, not {', '.join(wrong)}."
    if not _has_electricity_mix(settings["ELECTRICITY_ZONE"]):
        zone = settings["ELECTRICITY_ZONE"]
        yield f"ELECTRICITY_ZONE must be a zone of EcoLogits, such as FRA, not {zone!r}."


def _together(settings: Settings) -> Iterator[str]:
    for one, other in _PAIRS:
        one_set, other_set = (settings[name] not in ("", None, []) for name in (one, other))
        if one_set != other_set:
            there, missing = (one, other) if one_set else (other, one)
            yield f"{there} is set and {missing} is not: set both, or neither."
    for name, needed in _NEEDS:
        if settings[name] and settings[needed] in ("", None):
            yield f"{name} is set and {needed} is not: set it too, or drop {name}."
    if settings["LLM_MAX_TOKENS"] >= settings["LLM_CONTEXT_WINDOW"]:
        yield "LLM_MAX_TOKENS must be smaller than LLM_CONTEXT_WINDOW, which holds the prompt too."
    if settings["LLM_ACTIVE_PARAMETERS_B"] > settings["LLM_TOTAL_PARAMETERS_B"]:
        yield "LLM_ACTIVE_PARAMETERS_B must not be greater than LLM_TOTAL_PARAMETERS_B."


def _is_address(url: str) -> bool:
    try:
        check_address(url)
    except ValueError:
        return False
    return url.isascii() and url.isprintable() and " " not in url


def _has_electricity_mix(zone: str) -> bool:
    from ecologits.electricity_mix_repository import electricity_mixes

    return electricity_mixes.find_electricity_mix(zone) is not None


_OF_EMBEDDING_MODELS: Mapping[str, type | tuple[type, ...]] = {
    "model": str,
    "label": str,
    "base_url": str,
    "api_key": str,
    "sensitivity": str,
    "dimensions": int,
    "query_prefix": str,
    "passage_prefix": str,
    "j_per_token": (int, float),
    "parameters_b": (int, float),
}


def _embedding_models(settings: Settings) -> Iterator[str]:
    models = settings["EMBEDDING_MODELS"]
    if not isinstance(models, dict) or not all(isinstance(each, dict) for each in models.values()):
        yield "EMBEDDING_MODELS must be a JSON object of objects, one for each model."
        return
    for name, given in models.items():
        if not 0 < len(name) <= 200:
            yield "A name in EMBEDDING_MODELS must have 1 to 200 characters."
        for key, value in given.items():
            kind = _OF_EMBEDDING_MODELS.get(key)
            if kind is None:
                yield f"EMBEDDING_MODELS: {name} has the unknown key {key!r}."
            elif not isinstance(value, kind) or (isinstance(value, int | float) and value <= 0):
                yield f"EMBEDDING_MODELS: {key} of {name} cannot be {value!r}."
        if "base_url" in given and not _is_address(str(given["base_url"])):
            yield f"EMBEDDING_MODELS: base_url of {name} is no http(s) address."
        if given.get("sensitivity", "public") not in ("public", "internal", "restricted"):
            yield f"EMBEDDING_MODELS: sensitivity of {name} must be public, internal or restricted."


_RULES: tuple[Callable[[Settings], Iterator[str]], ...] = (
    _values,
    _together,
    _embedding_models,
)
