"""The model server's settings, read once from the environment."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from environs import FileAwareEnv
from marshmallow.validate import Range

from inference.embedding.folder import DEFAULT_MODEL, prepared_folder

_AT_LEAST_ONE = Range(min=1)


@dataclass(frozen=True)
class Configuration:
    """What the server serves, where, and within which limits.

    `threads` are those of the computation. `max_queued_texts` bounds each queue (questions,
    passages, rerankings, entailments) and so the texts of one request; beyond it the answer is 429.
    `embedding_folders` are those of all embedding models, of which `embedding_model` is always in
    memory, and others until nobody has asked for them during `unload_after_s`.
    """

    embedding_model: str
    embedding_folders: Mapping[str, Path]
    unload_after_s: float
    rerank_model: str
    entailment_model: str
    host: str
    port: int
    api_key: str
    threads: int
    max_queued_texts: int
    max_body_bytes: int
    # Of a model of speech; None: none is served.
    transcription_folder: Path | None = None
    transcription_model: str = "whisper"

    @classmethod
    def from_environment(cls) -> Self:
        """Read the variables (each also as NAME_FILE).

        Raises environs.EnvError on a value of the wrong type.
        """
        env = FileAwareEnv()
        model = env.str("EMBEDDING_MODEL", DEFAULT_MODEL)
        return cls(
            embedding_model=model,
            embedding_folders={
                each: prepared_folder(env.path("MODELS_DIR", Path("var/models")), each)
                for each in (model, *_others(env.json("EMBEDDING_MODELS", {})))
            },
            unload_after_s=env.float("MODEL_SERVER_UNLOAD_AFTER_S", 900.0, validate=Range(min=60)),
            rerank_model=env.str("RERANK_MODEL", ""),
            entailment_model=env.str("ENTAILMENT_MODEL", ""),
            host=env.str("MODEL_SERVER_HOST", "127.0.0.1"),
            port=env.int("MODEL_SERVER_PORT", 8010, validate=Range(min=0, max=65_535)),
            api_key=env.str("MODEL_SERVER_API_KEY", ""),
            threads=env.int(
                "MODEL_SERVER_THREADS", len(os.sched_getaffinity(0)), validate=_AT_LEAST_ONE
            ),
            max_queued_texts=env.int("MODEL_SERVER_MAX_QUEUED_TEXTS", 1024, validate=_AT_LEAST_ONE),
            max_body_bytes=env.int(
                "MODEL_SERVER_MAX_BODY_BYTES", 8 * 2**20, validate=_AT_LEAST_ONE
            ),
            transcription_folder=env.path("TRANSCRIPTION_FOLDER", None),
            transcription_model=env.str("TRANSCRIPTION_MODEL", "whisper"),
        )


def _others(offered: Any) -> Iterator[str]:
    """Yield what the models of EMBEDDING_MODELS are called here, but those of other servers."""
    for name, given in offered.items():
        if "base_url" not in given:
            yield str(given.get("model", name))
