"""Encode texts to the tokens of a prepared model, and count them, with little memory.

For the 250,000 pieces of an XLM-R vocabulary, `tokenizers` takes 280 MB; SentencePiece takes 55 MB
and a fifth of the time (docs/decisions/003-model-server.md). So SentencePiece is used for the XLM-R
family, that of most multilingual embedding models, and `tokenizers` for all other models.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

SENTENCEPIECE_FILE = "sentencepiece.bpe.model"
BOS, EOS, UNKNOWN = 0, 2, 3
SPECIAL_TOKENS = 2


class TextTokenizer(Protocol):
    """The tokenizer of a model; results include special tokens (`<s>`, `</s>`…)."""

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of each text, without truncation."""
        ...

    def count(self, text: str) -> int:
        """Return the number of tokens of one text."""
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
    """The `tokenizer.json` of any other model."""

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
    """Return the tokenizer in a prepared model's folder. Raises FileNotFoundError without one."""
    if (folder / SENTENCEPIECE_FILE).is_file() and _is_xlmr(folder):
        return XlmrTokenizer(folder / SENTENCEPIECE_FILE)
    if not (folder / "tokenizer.json").is_file():
        raise FileNotFoundError(f"{folder} has neither {SENTENCEPIECE_FILE} nor tokenizer.json")
    return FastTokenizer(folder / "tokenizer.json")


def _is_xlmr(folder: Path) -> bool:
    configuration = json.loads((folder / "tokenizer_config.json").read_text())
    return str(configuration.get("tokenizer_class", "")).startswith("XLMRoberta")
