"""What OpenGateLLM says of its models: each is green, yellow (overloaded) or red (unavailable).

For operators only: whether a backend is asked is decided by what it answers to questions
(``inference.health``).
"""

import logging
from collections.abc import Mapping
from enum import StrEnum

import orjson

from inference.errors import InferenceError
from inference.llm.backend import ChatBackend
from inference.llm.wire import Timeouts, open_response, read_bytes

logger = logging.getLogger(__name__)

_TIMEOUT_S = 5.0


class GatewayState(StrEnum):
    """The state of a model, in the gateway's own words."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


async def states_of_models(backend: ChatBackend) -> Mapping[str, GatewayState]:
    """Return the state of each model that the key may use, by its id.

    Empty where the gateway does not say: older versions have no such page. Never raises
    InferenceError.
    """
    timeouts = Timeouts(_TIMEOUT_S, _TIMEOUT_S)
    try:
        async with open_response(backend, "GET", "health/models", timeouts) as response:
            body = b"".join([piece async for piece in read_bytes(response, timeouts)])
        return _read(orjson.loads(body))
    except (InferenceError, orjson.JSONDecodeError) as error:
        logger.info("%s does not say how its models are: %s", backend.base_url, error)
        return {}


def _read(payload: object) -> dict[str, GatewayState]:
    """Return the states in ``{"data": [{"id": …, "status": …}]}``, or in the list alone."""
    listed = payload.get("data") if isinstance(payload, dict) else payload
    states = {}
    for each in listed if isinstance(listed, list) else ():
        name, status = (each.get("id"), each.get("status")) if isinstance(each, dict) else (0, 0)
        if isinstance(name, str) and isinstance(status, str) and status in set(GatewayState):
            states[name] = GatewayState(status)
    return states
