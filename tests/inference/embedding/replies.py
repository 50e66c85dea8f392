"""Answers of an embedding server."""

from typing import Any

from tests.scripted_llm import Reply, json_reply

MODEL = "intfloat/multilingual-e5-small"


def item(index: int, embedding: Any, **more: Any) -> dict[str, Any]:
    return {"object": "embedding", "index": index, "embedding": embedding} | more


def embeddings(*vectors: Any, **more: Any) -> Reply:
    data = [item(index, vector) for index, vector in enumerate(vectors)]
    return json_reply({"object": "list", "model": MODEL, "data": data} | more)
