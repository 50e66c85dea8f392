"""A scripted server of speech, over real HTTP: OpenAI's ``/v1/audio/transcriptions``.

Unscripted, it hears one sentence a second of ``SENTENCES``, in turn, as long as the sound lasts.
"""

import io
import json
import threading
import wave
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

SENTENCES = (
    "Bonjour et bienvenue au conseil de la faculté.",
    "Quarante jours ouvrés sont accordés à chaque enseignant par année.",
    "La demande est déposée un mois avant le départ, au secrétariat.",
    "La séance est levée, je vous remercie.",
)


@dataclass(frozen=True)
class Heard:
    """A request as it came."""

    fields: Mapping[str, str]
    authorization: str
    seconds: float


@dataclass(frozen=True)
class Answer:
    """A response; ``held`` delays it until that event."""

    body: Any
    status: int = 200
    held: threading.Event | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


def segments(*said: str, start: float = 0.0, each: float = 1.0, **figures: float) -> Any:
    """Return ``verbose_json`` of sentences, one after the other."""
    figures = {"avg_logprob": -0.2, "no_speech_prob": 0.01} | figures
    found = [
        {"id": n, "start": start + each * n, "end": start + each * (n + 1), "text": f" {text}"}
        | figures
        for n, text in enumerate(said)
    ]
    return {"task": "transcribe", "language": "french", "text": " ".join(said), "segments": found}


def hear_sentences(heard: Heard) -> Answer:
    """Hear a sentence every ten seconds."""
    n = max(1, int(heard.seconds // 10))
    said = [SENTENCES[i % len(SENTENCES)] for i in range(n)]
    return Answer(segments(*said, each=min(10.0, heard.seconds)))


class ScriptedSpeech:
    """The server, in threads of its own; use it as a context manager."""

    def __init__(self, answerer: Callable[[Heard], Answer] = hear_sentences) -> None:
        self.requests: list[Heard] = []
        self._answerer = answerer
        self._script: deque[Answer] = deque()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                fields, sound = _read(self.headers["content-type"], body)
                heard = Heard(fields, self.headers.get("authorization", ""), sound)
                server.requests.append(heard)
                server._answer(self, heard)

            def log_message(self, format: str, *args: object) -> None:
                """Write nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self._server.server_address[1]}/v1"

    def __enter__(self) -> "ScriptedSpeech":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def script(self, *answers: Answer) -> None:
        """Set the next answers, in order."""
        self._script.extend(answers)

    def _answer(self, handler: BaseHTTPRequestHandler, heard: Heard) -> None:
        if handler.path != "/v1/audio/transcriptions":
            answer = Answer({"detail": "Not Found"}, 404)
        else:
            answer = self._script.popleft() if self._script else self._answerer(heard)
        if answer.held is not None:
            answer.held.wait(60)
        body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
        try:
            handler.send_response(answer.status)
            for name, value in answer.headers.items():
                handler.send_header(name, value)
            handler.send_header("Content-Type", "application/json")
            handler.send_header("Content-Length", str(len(body)))
            handler.end_headers()
            handler.wfile.write(body)
        except ConnectionError:
            handler.close_connection = True


def _read(content_type: str, body: bytes) -> tuple[Mapping[str, str], float]:
    """Return the fields of a multipart body, and the seconds of its WAV file."""
    boundary = content_type.split("boundary=", 1)[1].strip('"').encode()
    fields: dict[str, str] = {}
    seconds = 0.0
    for part in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:-1]:
        head, _, content = part.partition(b"\r\n\r\n")
        name = head.decode().split('name="', 1)[1].split('"', 1)[0]
        if name != "file":
            fields[name] = content.decode()
            continue
        with wave.open(io.BytesIO(content)) as file:
            assert (file.getframerate(), file.getnchannels(), file.getsampwidth()) == (16000, 1, 2)
            seconds = file.getnframes() / file.getframerate()
    return fields, seconds
