"""``/v1/embeddings`` with the official OpenAI client and the real model."""

import numpy as np
import openai
import pytest

from instances.tenancy import tenant
from tests.cast import Cast
from tests.inference.embedding.replies import embeddings
from tests.scripted_llm import ScriptedLLM
from usage.models import UsageRecord

MODEL = "intfloat/multilingual-e5-small"
TEXTS = ["Les doctorants ont vingt-cinq jours de congé.", "Le laser est rouge."]


def test_texts_are_embedded_and_counted(client: openai.OpenAI, library: Cast) -> None:
    """The client asks for base64 by itself; both formats hold the same vectors."""
    answer = client.embeddings.create(model=MODEL, input=TEXTS)
    plain = client.embeddings.create(model="default", input=TEXTS, encoding_format="float")
    vectors = np.array([each.embedding for each in answer.data])
    assert vectors.shape == (2, 384)
    assert np.allclose(vectors, [each.embedding for each in plain.data], atol=1e-3)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-3)
    assert (answer.model, [each.index for each in answer.data]) == (MODEL, [0, 1])
    question = client.embeddings.create(
        model=MODEL, input="Combien de congés ?", dimensions=384, extra_body={"input_type": "query"}
    )
    near, far = vectors @ np.array(question.data[0].embedding)
    assert near > far
    with tenant(library.instance):
        record, *_ = UsageRecord.objects.filter(kind="embedding").order_by("created_at")
    assert (record.prompt_tokens, record.tokens_estimated) == (answer.usage.prompt_tokens, False)
    assert (record.passages, record.method, record.energy_wh > 0) == (2, "local", True)
    assert (record.api_key_id is not None, record.user) == (True, library.owner)


def test_tokens_that_the_server_does_not_count_are_estimated(
    client: openai.OpenAI, library: Cast, scripted_llm: ScriptedLLM, settings
) -> None:
    settings.EMBEDDING_BASE_URL = scripted_llm.base_url
    settings.EMBEDDING_J_PER_TOKEN = 0.5
    scripted_llm.script(embeddings([3.0, 4.0]))
    answer = client.embeddings.create(model=MODEL, input="deux mots")
    assert answer.data[0].embedding == pytest.approx([0.6, 0.8])
    sent = scripted_llm.requests[-1]
    assert (sent.body["input"], sent.body["encoding_format"]) == (["passage: deux mots"], "float")
    with tenant(library.instance):
        ours = UsageRecord.objects.get(kind="embedding")
        record = UsageRecord.objects.get(kind="vectors")
    assert (record.prompt_tokens, record.tokens_estimated) == (2, True)
    # The server is not ours: what its operator states counts, in a row of its own.
    assert (ours.method, ours.prompt_tokens, ours.passages) == ("local", 0, 0)
    assert record.passages == 1
    assert record.request_id == ours.request_id
    assert record.method == "calibrated"
    assert record.energy_wh == pytest.approx(settings.LLM_PUE * 0.5 * 2 / 3600)


@pytest.mark.parametrize(
    ("parameters", "status", "code"),
    [
        ({"model": "text-embedding-3-small"}, 404, "model_not_found"),
        ({"dimensions": 256}, 400, "unsupported_parameter"),
        ({"input": [[1, 2]]}, 400, "invalid_request"),
        ({"input": [1, 2]}, 400, "invalid_request"),
        ({"input": []}, 400, "invalid_request"),
        ({"input": ""}, 400, "invalid_request"),
        ({"input": ["a"] * 257}, 400, "invalid_request"),
        ({"input": "mot " * 1500}, 400, "input_too_long"),
        ({"encoding_format": "int8"}, 400, "invalid_request"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_wrong_requests_are_refused(
    client: openai.OpenAI, parameters: dict[str, object], status: int, code: str
) -> None:
    with pytest.raises(openai.APIStatusError) as refused:
        client.embeddings.create(**{"model": MODEL, "input": "a"} | parameters)
    assert (refused.value.status_code, refused.value.code) == (status, code)
    assert refused.value.type == "invalid_request_error"
