"""What a server's refusal is called, whatever words and status it comes in."""

from typing import Any

import pytest

from inference.errors import (
    AuthenticationFailed,
    BackendOverloaded,
    BackendRejected,
    BackendTimeout,
    BackendUnavailable,
    ContextOverflow,
    InferenceError,
    ModelNotFound,
)
from inference.llm.backend import ChatBackend
from tests.inference.llm.collect import failure_of
from tests.scripted_llm import (
    Reply,
    ScriptedLLM,
    json_reply,
)

pytestmark = pytest.mark.usefixtures("closed_connections")


STATUSES = [
    (400, {"error": {"message": "Invalid temperature"}}, BackendRejected),
    (400, {"error": {"message": "The model `x` does not exist."}}, ModelNotFound),
    (400, {"detail": "Organisation does not host any such model"}, ModelNotFound),
    (401, {"error": {"message": "no key"}}, AuthenticationFailed),
    (403, {"detail": "Insufficient permissions."}, AuthenticationFailed),
    (
        404,
        {"object": "error", "message": "The model `x` does not exist.", "code": 404},
        ModelNotFound,
    ),
    (404, {"error": 'model "x" not found, try pulling it first'}, ModelNotFound),
    (404, {"detail": "Not Found"}, BackendRejected),
    (422, {"detail": [{"loc": ["body"], "msg": "Extra inputs"}]}, BackendRejected),
    (424, {"detail": "Provider unreachable"}, BackendUnavailable),
    (429, {"detail": "1000 input tokens per minute exceeded"}, BackendOverloaded),
    (500, {"error": {"message": "EngineDeadError"}}, BackendUnavailable),
    (502, "<html>Bad gateway</html>", BackendUnavailable),
    (503, {"error": {"message": "Loading model"}}, BackendOverloaded),
    (504, "", BackendTimeout),
    (307, "", BackendRejected),
]


@pytest.mark.parametrize(
    ("status", "body", "expected"), STATUSES, ids=[f"{s}-{e.__name__}" for s, _, e in STATUSES]
)
async def test_status_is_mapped_to_its_error(
    scripted_llm: ScriptedLLM,
    chat_backend: ChatBackend,
    status: int,
    body: Any,
    expected: type[InferenceError],
) -> None:
    is_text = isinstance(body, str)
    reply = Reply([body.encode()] if body else [], status) if is_text else json_reply(body, status)
    scripted_llm.script(reply)
    events, error = await failure_of(chat_backend)
    assert (events, type(error)) == ([], expected)
    assert (error.partial, error.usage) == ("", None)


OVERFLOWS: dict[str, tuple[Any, int | None, int | None]] = {
    "openai": (
        {
            "error": {
                "message": "This model's maximum context length is 4097 tokens. However, your "
                "messages resulted in 5000 tokens.",
                "type": "invalid_request_error",
                "code": "context_length_exceeded",
            }
        },
        5000,
        4097,
    ),
    "vllm-bad-request": (
        {
            "error": {
                "message": "This model's maximum context length is 8192 tokens. However, you "
                "requested 9100 tokens (9000 in the messages, 100 in the completion).",
                "type": "BadRequestError",
                "code": 400,
            }
        },
        9000,
        8192,
    ),
    "vllm-top-level": (
        {
            "object": "error",
            "message": "'max_tokens' is too large: 4000. This model's maximum context length is "
            "8192 tokens and your request has 5000 input tokens.",
            "type": "BadRequestError",
            "code": 400,
        },
        5000,
        8192,
    ),
    # Versions of 2026.
    "vllm-passed": (
        {
            "error": {
                "message": "You passed 5001 input tokens and requested 100 output tokens. However, "
                "the model's context length is only 4096 tokens, resulting in a maximum input "
                "length of 3996 tokens. Please reduce the length of the input prompt. "
                "(parameter=input_tokens, value=5001)",
                "type": "BadRequestError",
                "param": "input_tokens",
                "code": 400,
            }
        },
        5001,
        4096,
    ),
    "vllm-characters": (
        {
            "error": {
                "message": "You passed 500000 input characters. However, the model's context "
                "length is only 4096 tokens (at most 65536 characters). Please reduce the length "
                "of the input prompt.",
                "type": "BadRequestError",
                "code": 400,
            }
        },
        None,
        4096,
    ),
    "vllm-max-tokens": (
        {
            "error": {
                "message": "max_tokens=9000 cannot be greater than "
                "max_model_len=max_total_tokens=4096. Please request fewer output tokens.",
                "type": "BadRequestError",
                "code": 400,
            }
        },
        None,
        4096,
    ),
    "vllm-prompt-length": (
        {
            "object": "error",
            "message": "The decoder prompt (length 5200) is longer than the maximum model length "
            "of 4096.",
        },
        5200,
        4096,
    ),
    "llama.cpp": (
        {
            "error": {
                "code": 400,
                "message": "the request exceeds the available context size, try increasing it",
                "type": "exceed_context_size_error",
                "n_prompt_tokens": 5100,
                "n_ctx": 4096,
            }
        },
        5100,
        4096,
    ),
    "ollama": ({"error": "the input length exceeds the context length"}, None, None),
    "gateway-nested": (
        {"error": {"message": '{"object":"error","message":"maximum context length is 4096"}'}},
        None,
        4096,
    ),
}


@pytest.mark.parametrize("in_a_200", [False, True], ids=["400", "in-a-200"])
@pytest.mark.parametrize("shape", OVERFLOWS)
async def test_context_overflow_is_distinguished_from_other_refusals(
    scripted_llm: ScriptedLLM, chat_backend: ChatBackend, shape: str, in_a_200: bool
) -> None:
    payload, prompt_tokens, context_window = OVERFLOWS[shape]
    scripted_llm.script(json_reply(payload, 200 if in_a_200 else 400))
    _, error = await failure_of(chat_backend)
    assert isinstance(error, ContextOverflow)
    assert (error.prompt_tokens, error.context_window) == (prompt_tokens, context_window)
