"""The sentences of the measure, with the passages that they are checked against.

``sentences/`` has a file for each corpus of ``bench/trust/corpora``: facts, each with the passages
that hold it (the beginning of a document's name, and words of the passage) and what is said of it,
one sentence a line after its kind. The kinds of ``TRUE`` are supported, those of ``FALSE`` are not.
A sentence of the corpora kept apart was never used to choose a rule or a coefficient.

From every true sentence with one source, one more of the kind "citation" is made: the same, citing
another passage of the corpus that does not say it.
"""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.trust.memory import Text, passages_of
from bench.trust.sets import Corpus, Half, read_corpora
from ingestion.chunking import TokenCounter
from ingestion.indexing.lexical import analyse
from retrieval.verification.passages import ReadPassage, read_passage

FOLDER = Path(__file__).parent / "sentences"
TRUE = ("literal", "paraphrase", "list", "table", "combined")
FALSE = (
    "number", "date", "amount", "unit", "bound", "name", "acronym", "negation", "modality",
    "swapped", "invented",
)  # fmt: skip
CITATION = "citation"


@dataclass(frozen=True)
class Said:
    """A sentence, the passages of its prompt, and the positions of those that it cites.

    ``sources`` are the positions of the passages that hold its fact.
    """

    corpus: str
    half: Half
    language: str
    kind: str
    text: str
    passages: tuple[ReadPassage, ...]
    cited: tuple[int, ...]
    sources: tuple[int, ...]

    @property
    def is_true(self) -> bool:
        """Whether the cited passages say it."""
        return self.kind in TRUE


def read_sentences(counter: TokenCounter) -> list[Said]:
    """Return all sentences."""
    return [said for corpus in read_corpora() for said in _of_corpus(corpus, counter)]


def _of_corpus(corpus: Corpus, counter: TokenCounter) -> Iterator[Said]:
    texts = [
        passage
        for name, content in corpus.documents
        for passage in passages_of(name, content, counter)
    ]
    passages = tuple(
        read_passage(each.text, f"{each.title or each.document}\n{each.heading}") for each in texts
    )
    data = tomllib.loads((FOLDER / f"{corpus.name}.toml").read_text(encoding="utf-8"))
    for fact in data["facts"]:
        for line in fact["said"].strip().splitlines():
            kind, text = line.split(": ", 1)
            if kind not in (*TRUE, *FALSE):
                raise ValueError(f"{corpus.name}: unknown kind in {line!r}")
            sources = tuple(_position(texts, source, text) for source in fact["source"])
            given = (corpus.name, corpus.half, corpus.language)
            yield Said(*given, kind, text, passages, sources, sources)
            if kind in TRUE and len(sources) == 1:
                wrong = _other(texts, sources[0])
                yield Said(*given, CITATION, text, passages, (wrong,), sources)


def _position(texts: list[Text], source: str, said: str) -> int:
    """Return the position of the passage of a document that shares most words with a sentence.

    The words after the name of the document choose between equal ones.
    """
    name, words = source.split(": ", 1)
    found = {
        position: (len(analyse(said).keys() & analyse(each.text).keys()), words in each.text)
        for position, each in enumerate(texts)
        if each.document.startswith(name)
    }
    if not any(has_words for _shared, has_words in found.values()):
        raise ValueError(f"no passage for {source!r}")
    return max(found, key=lambda position: found[position])


def _other(texts: list[Text], source: int) -> int:
    """Return the position of the next passage of another document that is no copy."""
    stem = texts[source].document[:8]
    others = [
        (source + step) % len(texts)
        for step in range(1, len(texts))
        if texts[(source + step) % len(texts)].document[:8] != stem
    ]
    return others[0]
