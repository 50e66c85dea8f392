"""A scripted language model, over real HTTP.

It serves the OpenAI API on loopback, byte by byte as scripted, so that tests can reproduce every
fault of a server. Unscripted, it cites: it answers the first sentence of passage 1, and
repeats the question where the prompt holds no passage.

For load tests: ``python -m tests.scripted_llm --port 9000 --first-token-ms 50 --tokens 60
--interval-ms 10``.
"""

import argparse
import asyncio
import json
import re
import ssl
import threading
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

MODEL = "scripted"
USAGE = {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18}
EVENT_STREAM = {"Content-Type": "text/event-stream; charset=utf-8"}
DONE = b"data: [DONE]\n\n"


class Act(Enum):
    """What a reply may do besides sending bytes."""

    HOLD = "say nothing more until `ScriptedLLM.release` or until the client leaves"
    CUT = "close the connection in the middle"


Part = bytes | float | Act


@dataclass(frozen=True)
class Reply:
    """A response: bytes are sent as one piece each, a float is a pause in seconds.

    A `status` of 0 closes the connection without a response.
    """

    parts: Iterable[Part]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: EVENT_STREAM)


@dataclass
class RecordedRequest:
    """A request as it came; `left_early` turns true when the client closes before the end."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any
    left_early: bool = False

    @property
    def last_message(self) -> str:
        """Return the content of the last message of the prompt."""
        return str(self.body["messages"][-1]["content"])


Answerer = Callable[[RecordedRequest], Reply]


def chunk(content: str | None = None, *, finish_reason: str | None = None, **more: Any) -> bytes:
    """Return one event of a chat stream; `delta` and top-level keys may be given as well."""
    delta = more.pop("delta", {} if content is None else {"content": content})
    choices = more.pop("choices", [{"index": 0, "delta": delta, "finish_reason": finish_reason}])
    payload = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": MODEL}
    return b"data: " + json.dumps(payload | {"choices": choices} | more).encode() + b"\n\n"


def usage_chunk(**usage: Any) -> bytes:
    """Return the event without choices that ends a stream with include_usage."""
    return chunk(choices=[], usage=USAGE | usage)


def stream(*texts: str, pause_s: float = 0.0) -> Reply:
    """Return a well-behaved stream, one event for each text."""
    pieces = [part for text in texts for part in (pause_s, chunk(text))]
    role = chunk(delta={"role": "assistant", "content": ""})
    return Reply([role, *pieces, chunk(finish_reason="stop"), usage_chunk(), DONE])


def json_reply(payload: Any, status: int = 200, **headers: str) -> Reply:
    """Return a JSON body; underscores in header names stand for hyphens."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Reply(
        [json.dumps(payload).encode()], status, {"Content-Type": "application/json"} | named
    )


def cite_first_passage(request: RecordedRequest) -> Reply:
    """Answer the first sentence of passage 1 with its citation, else repeat the question."""
    prompt = "\n".join(str(each["content"]) for each in request.body["messages"])
    passage = re.search(r'<passage number="1"[^>]*>(.+?)</passage>', prompt, re.DOTALL)
    if passage is None:
        last_line = request.last_message.strip().splitlines()[-1]
        return stream(*words(last_line.removeprefix("Last question: ")))
    sentence = re.split(r"(?<=[.!?])\s", " ".join(passage[1].split()), maxsplit=1)[0]
    return stream(*words(f"{sentence} [1]"))


def words(text: str) -> list[str]:
    """Cut a text as a model does: each piece a word with the spaces before it."""
    return re.findall(r"\s*\S+", text)


def paced(*, first_token_s: float, tokens: int, interval_s: float) -> Answerer:
    """Return an answerer with delays, for load tests; it obeys `max_tokens`."""
    event = chunk(" mot")

    def answer(request: RecordedRequest) -> Reply:
        n_tokens = min(tokens, request.body.get("max_tokens", tokens))
        pace = [interval_s, event] * (n_tokens - 1)
        prompt_tokens = sum(len(str(each["content"])) for each in request.body["messages"]) // 4
        usage = usage_chunk(prompt_tokens=prompt_tokens, completion_tokens=n_tokens)
        return Reply([first_token_s, event, *pace, chunk(finish_reason="stop"), usage, DONE])

    return answer


class ScriptedLLM:
    """The server, in a thread with an event loop of its own; use it as a context manager."""

    def __init__(
        self,
        answerer: Answerer = cite_first_passage,
        port: int = 0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.requests: list[RecordedRequest] = []
        self.n_connections = 0
        self.base_url = ""
        self.models: Sequence[Mapping[str, Any]] = ({"id": MODEL, "object": "model"},)
        self._answerer = answerer
        self._port = port
        self._tls = tls
        self._script: deque[Reply] = deque()
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._released = asyncio.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready: Future[None] = Future()

    def __enter__(self) -> "ScriptedLLM":
        self._thread.start()
        self._ready.result(timeout=10)
        return self

    def __exit__(self, *_exception: object) -> None:
        if self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(timeout=10)

    def script(self, *replies: Reply) -> None:
        """Set the next replies, in order; after them, the server answers by itself again."""
        self._script.extend(replies)

    def release(self) -> None:
        """Release replies held by `Act.HOLD`, now and later ones."""
        self._loop.call_soon_threadsafe(self._released.set)

    def wait_until(self, condition: Callable[[], bool], timeout_s: float = 20.0) -> None:
        """Wait until a condition about `requests` holds; raises TimeoutError."""
        with self._changed:
            if not self._changed.wait_for(condition, timeout_s):
                raise TimeoutError("The scripted LLM has not seen what the test waits for.")

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        self._stopping = asyncio.Event()
        self._open: set[asyncio.Task[None]] = set()
        server = await asyncio.start_server(
            self._accept, "127.0.0.1", self._port, backlog=512, ssl=self._tls
        )
        port = server.sockets[0].getsockname()[1]
        self.base_url = (
            f"https://localhost:{port}/v1" if self._tls else f"http://127.0.0.1:{port}/v1"
        )
        self._ready.set_result(None)
        await self._stopping.wait()
        server.close()
        for task in self._open:
            task.cancel()
        await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        self.n_connections += 1
        try:
            while (request := await _read_request(reader)) is not None:
                with self._changed:
                    self.requests.append(request)
                    self._changed.notify_all()
                if not await self._reply(request, reader, writer):
                    break
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._open.discard(task)
            writer.close()

    async def _reply(
        self, request: RecordedRequest, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Send the reply unless the client leaves; return whether the connection stays open."""
        sending = asyncio.create_task(self._send(self._choose(request), writer))
        leaving = asyncio.create_task(reader.read(1))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sending.cancel()
            leaving.cancel()
            kept, _ = await asyncio.gather(sending, leaving, return_exceptions=True)
        if kept is True:
            return True
        if kept is not False:
            with self._changed:
                request.left_early = True
                self._changed.notify_all()
        return False

    def _choose(self, request: RecordedRequest) -> Reply:
        if self._script:
            return self._script.popleft()
        if request.path.endswith("/models"):
            return json_reply({"object": "list", "data": list(self.models)})
        if not request.path.endswith("/chat/completions"):
            return json_reply({"detail": "Not Found"}, 404)
        return self._answerer(request)

    async def _send(self, reply: Reply, writer: asyncio.StreamWriter) -> bool:
        """Send a reply; return whether it was sent completely."""
        if reply.status == 0:
            return False
        head = [f"HTTP/1.1 {reply.status} Scripted", "Transfer-Encoding: chunked"]
        head += [f"{name}: {value}" for name, value in reply.headers.items()]
        writer.write("\r\n".join([*head, "", ""]).encode())
        for part in reply.parts:
            if part is Act.CUT:
                return False
            if part is Act.HOLD:
                await self._released.wait()
            elif isinstance(part, bytes):
                writer.write(b"%x\r\n%b\r\n" % (len(part), part))
                await writer.drain()
            elif part:
                await asyncio.sleep(part)
        writer.write(b"0\r\n\r\n")
        await writer.drain()
        return True


async def _read_request(reader: asyncio.StreamReader) -> RecordedRequest | None:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError:
        return None
    first_line, *lines = head.decode("latin-1").strip().split("\r\n")
    method, path, _ = first_line.split(" ")
    headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
    raw = await reader.readexactly(int(headers.get("content-length", 0)))
    return RecordedRequest(method, path, headers, json.loads(raw) if raw else None)


def main() -> None:
    """Serve a paced answerer until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--first-token-ms", type=float, default=50)
    parser.add_argument("--tokens", type=int, default=60)
    parser.add_argument("--interval-ms", type=float, default=10)
    options = parser.parse_args()
    answerer = paced(
        first_token_s=options.first_token_ms / 1000,
        tokens=options.tokens,
        interval_s=options.interval_ms / 1000,
    )
    with ScriptedLLM(answerer, options.port) as server:
        print(server.base_url, flush=True)  # noqa: T201
        threading.Event().wait()


if __name__ == "__main__":
    main()
