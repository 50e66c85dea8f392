"""Terms and weights of BM25; terms are hashed into one sparse space.

A text is split into words. French elisions (``l'``, ``qu'``), accents and stop words are removed.
The remaining words are stemmed by the French Snowball stemmer, then by the English one. This is one
analyser for both languages: the language of a document need not be known, a question in either
language matches the words that it shares with any document, and stems are nearly those of the
stemmer of the language alone (measured: docs/decisions/005-retrieval.md).

BM25 (Robertson & Zaragoza, "The Probabilistic Relevance Framework", 2009) is, for a passage of n
terms in which term t occurs f times, the sum over the question's terms of

    idf(t) · f · (k1 + 1) / (f + k1 · (1 − b + b · n / length))

The second factor is known when a passage is indexed, and is stored with it (`passage_weights`). The
first is computed for a question (`idf`). A score is then one inner product in PostgreSQL.
``length`` is usually the average of the corpus. Here it is a constant: passages are of similar
size, and a constant need not be updated when the corpus grows.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Mapping
from functools import lru_cache
from zlib import crc32

import Stemmer

from ingestion.indexing.stop_words import STOP_WORDS
from ingestion.models import TERM_SPACE

K1 = 1.2
B = 0.75
# Terms in a typical passage.
TYPICAL_LENGTH = 80
# Upper limit of a passage's weight for one term: f → ∞ in the formula above.
SATURATION = K1 + 1
# idf of a word that no passage of the instance contains. It matches nothing, but it counts in the
# best possible score of the question, so that questions on other subjects score low.
UNSEEN_IDF = 5.0

_WORD = re.compile(r"[^\W_]+")
_ELISION = re.compile(
    r"\b(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu|presqu|quelqu)['’ʼ](?=\w)", re.IGNORECASE
)
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})
_french = Stemmer.Stemmer("french", 0)
_english = Stemmer.Stemmer("english", 0)


def analyse(text: str) -> Counter[int]:
    """Count the terms of a text: ids in [0, TERM_SPACE), stop words left out."""
    return Counter(term for word in words_of(text) if (term := _term(word)) is not None)


def words_of_terms(text: str) -> dict[int, str]:
    """Return the first word of each term of a text, as it was typed; stop words left out."""
    found: dict[int, str] = {}
    for word in words_of(text):
        term = _term(word)
        if term is not None:
            found.setdefault(term, word)
    return found


def occurrences_of(text: str, terms: Collection[int]) -> list[tuple[int, int, int]]:
    """Return the words of a text that have one of these terms: (start, end, term), in order."""
    found = ((word, _term(word[0])) for word in _WORD.finditer(text))
    return [(*word.span(), term) for word, term in found if term is not None and term in terms]


def passage_weights(counts: Counter[int]) -> dict[int, float]:
    """Return the weight in BM25 of each term of a passage, at most SATURATION."""
    length = counts.total()
    norm = K1 * (1 - B + B * length / TYPICAL_LENGTH)
    return {term: n * SATURATION / (n + norm) for term, n in counts.items()}


def idf(document_frequency: int, chunk_count: int) -> float:
    """Return the inverse document frequency of a term, > 0; UNSEEN_IDF if it occurs nowhere.

    This is Lucene's variant, which is positive also for a term of most passages.
    """
    if not document_frequency:
        return UNSEEN_IDF
    return math.log1p((chunk_count - document_frequency + 0.5) / (document_frequency + 0.5))


def to_sparsevec(weights: Mapping[int, float]) -> str:
    """Return the weights in pgvector's text format of a sparsevec (its indices start at 1)."""
    pairs = ",".join(f"{term + 1}:{weights[term]:.4g}" for term in sorted(weights))
    return f"{{{pairs}}}/{TERM_SPACE}"


def sparsevec_terms(vector: str) -> list[int]:
    """Return the term ids of a sparsevec in text format."""
    pairs = vector[1 : vector.index("}")]
    return [int(pair.partition(":")[0]) - 1 for pair in pairs.split(",")] if pairs else []


def words_of(text: str) -> list[str]:
    """Return the words of a text as they are written, without elisions."""
    return _WORD.findall(_ELISION.sub(" ", unicodedata.normalize("NFKC", text)))


@lru_cache(maxsize=200_000)
def _term(word: str) -> int | None:
    """Return the term id of one word, or None for a stop word."""
    folded = fold(word)
    if folded in STOP_WORDS:
        return None
    stem = _english.stemWord(_french.stemWord(folded))
    return crc32(stem.encode()) % TERM_SPACE


def fold(word: str) -> str:
    """Return the word in lower case, without accents or ligatures."""
    decomposed = unicodedata.normalize("NFKD", word.casefold().translate(_LIGATURES))
    return "".join(char for char in decomposed if not unicodedata.combining(char))
