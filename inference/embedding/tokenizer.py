"""Counts and encodes texts in the tokens of a prepared model, with as little memory as it can.

`tokenizers` takes 280 MB for the 250,000 pieces of an XLM-R vocabulary, SentencePiece 55 MB and a
fifth of the time for the same tokens (docs/decisions/003): so SentencePiece for the XLM-R family,
which most multilingual embedding models belong to, and `tokenizers` for every other model.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

SENTENCEPIECE_FILE = "sentencepiece.bpe.model"
BOS, EOS, UNKNOWN = 0, 2, 3
SPECIAL_TOKENS = 2


class TextTokenizer(Protocol):
    """What a model makes of a text; special tokens (`<s>`, `</s>`…) are included throughout."""

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, never truncated."""
        ...

    def count(self, text: str) -> int:
        """Number of tokens of one text."""
        ...


class XlmrTokenizer:
    """SentencePiece with XLM-R's shifted ids (see `xlmr_tokenizer`)."""

    def __init__(self, model_file: Path) -> None:
        from sentencepiece import SentencePieceProcessor

        self._pieces = SentencePieceProcessor(model_file=str(model_file))

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        return [
            [BOS, *(piece + 1 if piece else UNKNOWN for piece in pieces), EOS]
            for pieces in self._pieces.encode(list(texts))
        ]

    def count(self, text: str) -> int:
        return len(self._pieces.encode(text)) + SPECIAL_TOKENS


class FastTokenizer:
    """Any other model's `tokenizer.json`."""

    def __init__(self, tokenizer_file: Path) -> None:
        from tokenizers import Tokenizer

        self._tokenizer = Tokenizer.from_file(str(tokenizer_file))
        self._tokenizer.no_truncation()
        self._tokenizer.no_padding()

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        return [encoding.ids for encoding in self._tokenizer.encode_batch(list(texts))]

    def count(self, text: str) -> int:
        return len(self._tokenizer.encode(text).ids)


def load_tokenizer(folder: Path) -> TextTokenizer:
    """The tokenizer of a prepared model's folder. Raises FileNotFoundError when it has none."""
    if (folder / SENTENCEPIECE_FILE).is_file() and _is_xlmr(folder):
        return XlmrTokenizer(folder / SENTENCEPIECE_FILE)
    if not (folder / "tokenizer.json").is_file():
        raise FileNotFoundError(f"{folder} has neither {SENTENCEPIECE_FILE} nor tokenizer.json")
    return FastTokenizer(folder / "tokenizer.json")


def _is_xlmr(folder: Path) -> bool:
    configuration = json.loads((folder / "tokenizer_config.json").read_text())
    return str(configuration.get("tokenizer_class", "")).startswith("XLMRoberta")
