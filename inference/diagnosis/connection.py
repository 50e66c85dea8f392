"""Tests a backend: lists its models, streams a short answer, measures it, detects abilities."""

import asyncio
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field, replace

from inference.chat_options import Ability
from inference.diagnosis.abilities import detect_abilities
from inference.diagnosis.counted import Spent
from inference.diagnosis.gateway_health import GatewayState, states_of_models
from inference.errors import (
    AuthenticationFailed,
    BackendOverloaded,
    BackendRejected,
    BackendTimeout,
    InferenceError,
    ModelNotFound,
    ProtocolError,
)
from inference.llm.addresses import AddressRefused
from inference.llm.backend import ChatBackend, ChatMessage
from inference.llm.client import ServedModel, list_models
from inference.llm.events import Finished, ReasoningDelta, TextDelta
from instances.models import Sensitivity

QUESTION = (ChatMessage("user", "Count from one to twenty, in words.", Sensitivity.PUBLIC),)
MAX_TOKENS = 80
# Of the answer, whatever the backend's own timeouts.
PATIENCE_S = 60.0
CONNECT_TIMEOUT_S = 5.0
# The model of a connection to a backend whose models are not known yet.
UNKNOWN_MODEL = "?"
# Problems that an answer would meet too.
_FATAL = frozenset(
    {
        "private_address",
        "tls",
        "unknown_name",
        "connection_refused",
        "timeout",
        "authentication_failed",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """What was found; ``problem`` and ``listing_problem`` are codes of ``problem_of``, "" for none.

    The figures are None when no answer came.
    """

    # The id of the model that answered, "" when there was none to ask.
    asked: str = ""
    served: tuple[ServedModel, ...] = ()
    # By the id of the model; empty unless the backend is a gateway that says it.
    states: Mapping[str, GatewayState] = field(default_factory=dict)
    listing_problem: str = ""
    problem: str = ""
    # Of the server or the connection, for whoever runs the backend.
    detail: str = ""
    text: str = ""
    first_token_ms: float | None = None
    tokens_per_s: float | None = None
    is_streamed: bool = False
    counts_tokens: bool = False
    abilities: frozenset[Ability] = frozenset()


async def diagnose(
    connection: ChatBackend,
    spent: Spent,
    *,
    tells_states: bool = False,
    answers: bool = True,
) -> Diagnosis:
    """Test a backend and the model of ``connection``; never raises InferenceError.

    With ``UNKNOWN_MODEL``, the first one that the backend lists is asked. ``tells_states``: it is a
    gateway that says how its models are. Without ``answers``, the model is not asked: it
    transcribes recordings. Its questions are counted in ``spent``.
    """
    connection = replace(connection, max_retries=0, connect_timeout_s=CONNECT_TIMEOUT_S)
    found = Diagnosis()
    try:
        found = replace(found, served=tuple(await list_models(connection)))
    except InferenceError as error:
        problem = problem_of(error)
        if problem in _FATAL:
            return replace(found, problem=problem, detail=str(error))
        found = replace(found, listing_problem=problem)
    if tells_states:
        found = replace(found, states=await states_of_models(connection))
    if not answers:
        return found
    if connection.model == UNKNOWN_MODEL:
        if not found.served:
            return found
        connection = replace(connection, model=found.served[0].name)
    found = replace(found, asked=connection.model)
    try:
        async with asyncio.timeout(PATIENCE_S):
            found = await _ask(connection, found, spent)
    except InferenceError as error:
        return replace(found, problem=problem_of(error), detail=str(error))
    except TimeoutError:
        return replace(found, problem="timeout")
    return replace(found, abilities=await detect_abilities(connection, spent))


def problem_of(error: InferenceError) -> str:
    """Return the code of what the operator of the backend must mend."""
    for cause in _causes(error):
        match cause:
            case AddressRefused():
                return "private_address"
            case ssl.SSLError():
                return "tls"
            case socket.gaierror():
                return "unknown_name"
            case ConnectionRefusedError():
                return "connection_refused"
    match error:
        case AuthenticationFailed():
            return "authentication_failed"
        case ModelNotFound():
            return "model_not_found"
        case BackendOverloaded():
            return "overloaded"
        case BackendTimeout():
            return "timeout"
        case ProtocolError():
            return "not_compatible"
        case BackendRejected(status=404 | 405):
            return "not_compatible"
        case BackendRejected():
            return "rejected"
    return "unavailable"


async def _ask(connection: ChatBackend, found: Diagnosis, spent: Spent) -> Diagnosis:
    """Return the diagnosis with the figures of an answer; raises InferenceError."""
    clock = asyncio.get_running_loop().time
    began, first, n_deltas, text = clock(), 0.0, 0, ""
    events = spent.ask(connection, QUESTION, max_tokens=MAX_TOKENS)
    async with aclosing(events):
        async for event in events:
            match event:
                case TextDelta(piece) | ReasoningDelta(piece):
                    first = first or clock()
                    n_deltas += 1
                    text += piece
                case Finished(_reason, usage):
                    writing_s = clock() - first
                    return replace(
                        found,
                        text=text,
                        first_token_ms=1000 * (first - began) if first else None,
                        tokens_per_s=(usage.completion_tokens - 1) / writing_s
                        if n_deltas > 1 and writing_s > 0
                        else None,
                        is_streamed=n_deltas > 1,
                        counts_tokens=not usage.estimated,
                    )
    return found


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and all that led to it."""
    seen: set[int] = set()
    waiting: list[BaseException] = [error]
    while waiting:
        one = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [each for each in (one.__cause__, one.__context__) if each is not None]
        if isinstance(one, BaseExceptionGroup):
            waiting += one.exceptions
