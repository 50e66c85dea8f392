"""Count the tokens of a text, and find where they begin, with the embedding model's tokenizer.

Tokenizers of embedding models first split a text at white space, so the tokens of a word do not
depend on the words around it. Each distinct word is therefore encoded once, which is many times
faster than encoding whole texts and needs no offsets from the tokenizer.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from inference.embedding.tokenizer import TextTokenizer, load_tokenizer

_WORD = re.compile(r"\S+")
# Without a local tokenizer (a remote embedding server), the count is an upper estimate: one token
# for every 3 letters of a word, and one for each other character.
_PIECE = re.compile(r"[^\W\d_]{1,3}|\S")
_MAX_KNOWN_WORDS = 200_000
# A longer run of characters (base64, a line of dots) is counted in slices of this length.
_MAX_WORD_CHARS = 200


class TokenCounter:
    """Counts tokens with the given `tokenizer.json`; None gives an upper estimate."""

    def __init__(self, path: Path | None) -> None:
        self._tokenizer: TextTokenizer | None = None
        self._special_tokens = 0
        self._known: dict[str, int] = {}
        if path is not None:
            self._tokenizer = load_tokenizer(path.parent)
            self._special_tokens = self._tokenizer.count("")

    def token_starts(self, texts: Sequence[str]) -> list[list[int]]:
        """Return for each text the offsets, in characters, at which its tokens begin, ascending.

        Offsets inside a word are estimates, spread evenly over the word.
        """
        if self._tokenizer is None:
            return [[match.start() for match in _PIECE.finditer(text)] for text in texts]
        words = [_words(text) for text in texts]
        self._learn({word for found in words for _, word in found})
        return [self._starts(found) for found in words]

    def count(self, text: str) -> int:
        """Return the number of tokens of `text`, without special tokens."""
        return len(self.token_starts([text])[0])

    def _starts(self, words: list[tuple[int, str]]) -> list[int]:
        starts: list[int] = []
        for start, word in words:
            count = self._known[word]
            if count == 1:
                starts.append(start)
            else:
                starts.extend(start + number * len(word) // count for number in range(count))
        return starts

    def _learn(self, words: set[str]) -> None:
        """Count the tokens of words that are not in the cache."""
        assert self._tokenizer is not None  # noqa: S101 (narrows the type)
        if len(self._known) > _MAX_KNOWN_WORDS:
            self._known.clear()
        for word in words - self._known.keys():
            # One by one: a batch is encoded in threads, which the sandbox refuses.
            self._known[word] = self._tokenizer.count(word) - self._special_tokens


def _words(text: str) -> list[tuple[int, str]]:
    found: list[tuple[int, str]] = []
    for match in _WORD.finditer(text):
        start, word = match.start(), match.group()
        if len(word) <= _MAX_WORD_CHARS:
            found.append((start, word))
        else:
            found.extend(
                (start + at, word[at : at + _MAX_WORD_CHARS])
                for at in range(0, len(word), _MAX_WORD_CHARS)
            )
    return found
