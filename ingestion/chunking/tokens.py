"""Where the tokens of a text begin, in the embedding model's own vocabulary."""

import os
import re
from collections.abc import Sequence
from pathlib import Path

# Without a tokenizer at hand (a remote embedding server), texts are counted in pieces that no
# usual tokenizer makes fewer of: words are cut every 3 letters, each other character counts.
_PIECE = re.compile(r"[^\W\d_]{1,3}|\S")


class TokenCounter:
    """Counts with the `tokenizer.json` at `path`, or by a cautious estimate when it is None."""

    def __init__(self, path: Path | None) -> None:
        self._tokenizer = None
        if path is not None:
            # Threads of the tokenizer would not survive a fork, and the machine is shared.
            os.environ["TOKENIZERS_PARALLELISM"] = "false"
            from tokenizers import Tokenizer

            self._tokenizer = Tokenizer.from_file(str(path))
            self._tokenizer.no_truncation()
            self._tokenizer.no_padding()

    def token_starts(self, texts: Sequence[str]) -> list[list[int]]:
        """Return, for each text, the ascending offsets (in characters) at which tokens begin."""
        if self._tokenizer is None:
            return [[match.start() for match in _PIECE.finditer(text)] for text in texts]
        encodings = self._tokenizer.encode_batch(list(texts), add_special_tokens=False)
        return [
            [_after_space(text, start) for start, _ in encoding.offsets]
            for text, encoding in zip(texts, encodings, strict=True)
        ]

    def count(self, text: str) -> int:
        """Return the number of tokens of `text`, without special tokens."""
        return len(self.token_starts([text])[0])


def _after_space(text: str, start: int) -> int:
    """Return where a token's own characters begin: sentencepiece counts the space before in."""
    while start < len(text) - 1 and text[start].isspace():
        start += 1
    return start
