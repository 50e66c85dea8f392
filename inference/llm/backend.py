"""A language model, and the parameters of requests to its server."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from inference.base_urls import check_address, endpoint_url
from inference.chat_options import NO_OPTIONS, ChatOptions
from inference.clearance import check_clearance
from instances.models.sensitivity import Sensitivity

Role = Literal["system", "user", "assistant", "tool"]
PriorityScheme = Literal["none", "vllm", "aristote"]

MAX_CACHE_SALT_CHARS = 128
# Instead of an address, where the servers are jobs (RFC 2606: it never leads anywhere).
NO_ADDRESS = "http://jobs.invalid/v1"


@dataclass(frozen=True, slots=True)
class ChatMessage:
    """One turn of a conversation, and the level of what it contains.

    ``images`` are URLs; ``tool_calls`` the functions that a model called (OpenAI's objects), of
    which a message with the role "tool" has the result. ``n_tokens`` is the estimate of those of
    the content (`inference.llm.tokens`), where it is known; 0 where it is not.
    """

    role: Role
    content: str
    sensitivity: Sensitivity
    images: tuple[str, ...] = ()
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    tool_call_id: str = ""
    n_tokens: int = field(default=0, compare=False)

    def to_json(self) -> dict[str, Any]:
        """Return the message as servers read it."""
        message: dict[str, Any] = {"role": self.role, "content": self.content}
        if self.images:
            pictures = [{"type": "image_url", "image_url": {"url": url}} for url in self.images]
            message["content"] = [{"type": "text", "text": self.content}, *pictures]
        if self.tool_calls:
            message["tool_calls"] = list(self.tool_calls)
        if self.tool_call_id:
            message["tool_call_id"] = self.tool_call_id
        return message


@dataclass(frozen=True, kw_only=True)
class ChatBackend:
    """An OpenAI-compatible chat server and one of its models, with one tenant's credentials.

    `base_url` ends where `/chat/completions` begins; a bare `http://host:port` means its `/v1`.
    `first_byte_timeout_s` is the longest silence before the first token (a gateway may queue a
    request for 570 s without sending a byte), `read_timeout_s` the longest silence after it,
    `total_timeout_s` the longest answer. `max_retry_wait_s` is the longest total wait between
    attempts. `max_concurrency` is the number of simultaneous answers, `queue_weight` that of the
    organisation in the queue for them. `priority` is sent unchanged
    unless `priority_scheme` is "none": lower is earlier for vLLM, higher is more urgent for
    aristote-dispatcher. `routing_mode` is sent to aristote-dispatcher unless it is "". `cache_salt`
    keeps the prefix caches of tenants apart (vLLM). `ca_certificates` (PEM) replace those of the
    system. `is_restricted_to_public` refuses addresses of this machine and of private networks
    (`inference.llm.addresses`). `clearance` is the highest level of messages that it may receive.
    `jobs_of` is the number of a backend whose servers are jobs of Slurm: `base_url` is then not an
    address, and each request goes to one of the jobs (`inference.queueing.job_servers`).
    `queue_name` is that of its queue, "" for the one of its backend.

    Raises ValueError for an invalid address or cache salt.
    """

    base_url: str
    model: str
    clearance: Sensitivity
    api_key: str = field(default="", repr=False)
    connect_timeout_s: float = 10.0
    first_byte_timeout_s: float = 600.0
    read_timeout_s: float = 120.0
    total_timeout_s: float = 1800.0
    max_retries: int = 2
    max_retry_wait_s: float = 20.0
    max_concurrency: int = 64
    queue_weight: int = 1
    priority_scheme: PriorityScheme = "none"
    priority: int = 0
    routing_mode: str = ""
    cache_salt: str | None = None
    ca_certificates: str = field(default="", repr=False)
    is_restricted_to_public: bool = False
    context_window: int | None = None
    jobs_of: int | None = None
    queue_name: str = ""

    def __post_init__(self) -> None:
        check_address(self.base_url)
        if not self.model:
            raise ValueError("A backend needs the name of a model.")
        if self.cache_salt is not None:
            check_cache_salt(self.cache_salt)

    def url(self, path: str) -> str:
        """Return the address of an endpoint, such as "chat/completions"."""
        return endpoint_url(self.base_url, path)

    def headers(self) -> dict[str, str]:
        """Return the request's headers; without compression, which would delay tokens."""
        headers = {"Accept": "text/event-stream, application/json", "Accept-Encoding": "identity"}
        if self.api_key:
            headers["Authorization"] = f"Bearer {self.api_key}"
        return headers

    def check_clearance(self, messages: Sequence[ChatMessage]) -> None:
        """Raise NotCleared unless the backend may receive all these messages."""
        levels = (message.sensitivity for message in messages)
        check_clearance(f"{self.model} of {self.base_url}", self.clearance, levels)

    def request_body(
        self,
        messages: Sequence[ChatMessage],
        *,
        max_tokens: int,
        temperature: float,
        stop: Sequence[str] = (),
        options: ChatOptions = NO_OPTIONS,
    ) -> dict[str, Any]:
        """Return the JSON body of a streamed chat request.

        Raises NotCleared when a message is above the backend's clearance.
        """
        self.check_clearance(messages)
        body: dict[str, Any] = {
            "model": self.model,
            "messages": [each.to_json() for each in messages],
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": max_tokens,
            "temperature": temperature,
            **options.body(),
        }
        if stop:
            body["stop"] = list(stop)
        if self.priority_scheme != "none":
            body["priority"] = self.priority
        if self.routing_mode:
            body["routing-mode"] = self.routing_mode
        if self.cache_salt is not None:
            body["cache_salt"] = self.cache_salt
        return body


def check_cache_salt(salt: str) -> None:
    r"""Raise ValueError unless vLLM accepts this salt: 1 to 128 characters, none of `@ / \`."""
    if not 1 <= len(salt) <= MAX_CACHE_SALT_CHARS or set(salt) & set("@/\\"):
        raise ValueError("A cache salt has 1 to 128 characters, none of @ / \\.")
