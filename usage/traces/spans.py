"""A span, and the attributes of what was recorded about it.

Names: https://github.com/open-telemetry/semantic-conventions-genai (version 0.1.0); attributes
without a name there begin with ``ragapp.``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import orjson
from django.conf import settings

from inference.chat_options import ChatOptions
from usage.models import UsageRecord

# None is left out.
Attributes = Mapping[str, str | bool | int | float | Sequence[str] | None]

NS_PER_MS = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A step of a line, with the steps inside it; times in nanoseconds since 1970.

    ``is_call`` is true for a request to a server; ``error`` is the code of what ended the step
    early, or "".
    """

    name: str
    started_ns: int
    ended_ns: int
    attributes: Attributes
    is_call: bool = False
    error: str = ""
    children: tuple["Span", ...] = ()


def operation(name: str, *, provider: str, model: str = "", url: str = "") -> Attributes:
    """Return the attributes of a GenAI operation: its name, who carries it out, and where."""
    address = urlsplit(url)
    return {
        "gen_ai.operation.name": name,
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": model or None,
        "server.address": address.hostname,
        "server.port": address.port,
    }


def parameters(
    options: ChatOptions, *, temperature: float, stop: Sequence[str], max_tokens: int
) -> Attributes:
    """Return the parameters of a request to a language model."""
    return {
        "gen_ai.request.temperature": temperature,
        "gen_ai.request.max_tokens": max_tokens,
        "gen_ai.request.stream": True,
        "gen_ai.output.type": "json" if options.response_format else "text",
        # Words of the client.
        "gen_ai.request.stop_sequences": list(stop) if stop and has_content() else None,
        "gen_ai.tool.definitions": content(list(options.tools)) if options.tools else None,
        **{f"gen_ai.request.{name}": value for name, value in options.sampling.items()},
    }


def has_content() -> bool:
    """Whether the operator wants the texts of readers and documents in traces."""
    return bool(settings.TRACES_WITH_CONTENT)


def content(value: Any) -> str | None:
    """Return text, or the JSON of anything else; None unless the operator wants content."""
    if not has_content():
        return None
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def footprint(record: UsageRecord | None) -> Attributes:
    """Return energy, carbon and processor time of a request."""
    if record is None:
        return {}
    return {
        "ragapp.energy_wh": record.energy_wh,
        "ragapp.energy_min_wh": record.energy_min_wh,
        "ragapp.energy_max_wh": record.energy_max_wh,
        "ragapp.energy_method": record.method,
        "ragapp.gco2e": record.gco2e_usage + record.gco2e_embodied,
        "ragapp.cpu_seconds": record.cpu_seconds or None,
    }


def token_usage(record: UsageRecord | None) -> Attributes:
    """Return the tokens of a request to a language model, and the wait for its turn."""
    if record is None:
        return {}
    return {
        "gen_ai.usage.input_tokens": record.prompt_tokens,
        "gen_ai.usage.output_tokens": record.completion_tokens,
        "gen_ai.usage.cache_read.input_tokens": record.cached_tokens,
        "gen_ai.usage.reasoning.output_tokens": record.reasoning_tokens,
        "ragapp.tokens_estimated": record.tokens_estimated,
        "ragapp.backend.energy_wh": record.backend_energy_wh,
        "ragapp.backend.gco2e": record.backend_gco2e,
        "ragapp.backend.cost": record.backend_cost,
        "ragapp.queue_ms": record.queue_ms,
    }
