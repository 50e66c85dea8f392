"""The model server's settings, read once from the environment."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from environs import FileAwareEnv
from marshmallow.validate import Range

from inference.embedding.folder import DEFAULT_MODEL, prepared_folder

_AT_LEAST_ONE = Range(min=1)


@dataclass(frozen=True)
class Configuration:
    """What the server serves, where, and within which limits.

    `threads` are those of the computation. `max_queued_texts` bounds each queue (questions,
    passages, rerankings) and so the texts of one request; beyond it the answer is 429.
    """

    embedding_model: str
    embedding_folder: Path
    rerank_model: str
    host: str
    port: int
    api_key: str
    threads: int
    max_queued_texts: int
    max_body_bytes: int

    @classmethod
    def from_environment(cls) -> Self:
        """Read the variables (each also as NAME_FILE).

        Raises environs.EnvError on a value of the wrong type.
        """
        env = FileAwareEnv()
        model = env.str("EMBEDDING_MODEL", DEFAULT_MODEL)
        return cls(
            embedding_model=model,
            embedding_folder=prepared_folder(env.path("MODELS_DIR", Path("var/models")), model),
            rerank_model=env.str("RERANK_MODEL", ""),
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
        )
