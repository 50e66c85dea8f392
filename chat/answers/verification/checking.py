"""Checks an answer: which of its sentences no passage supports, and which cite the wrong one."""

import asyncio
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from chat.answers.quoting.quotes import CITATION
from chat.answers.verification.doubts import decide_doubts
from chat.answers.verification.sentences import AnswerSentence, answer_sentences
from instances.models import Sensitivity
from retrieval.results import RetrievedChunk
from retrieval.verification.passages import ReadPassage, read_passage
from retrieval.verification.verdicts import Outcome, Reason, Verdict, check
from usage.recording import MeasuredRequest

logger = logging.getLogger(__name__)

# An answer of more sentences is checked as far as this.
_MAX_SENTENCES = 60
# A longer sentence is a repetition or a table without breaks; reading it could take seconds.
_MAX_SENTENCE_CHARS = 1_000
_MAX_QUOTE_CHARS = 400
_MAX_SAID_CHARS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedSentence:
    """A sentence ``text[start:end]`` that was not found as it is in the passages that it cited.

    ``outcome`` is UNSUPPORTED or MOVED. ``number`` is the passage that the reader may compare: of a
    moved citation, the new one; 0 without any. ``said``, ``found``, ``quote``: see ``Verdict``.
    """

    start: int
    end: int
    outcome: Outcome
    number: int = 0
    reason: Reason | None = None
    said: str = ""
    found: str = ""
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Verification:
    """How many sentences were checked and supported, and those that were not as they cited."""

    checked: int = 0
    supported: int = 0
    sentences: tuple[CheckedSentence, ...] = ()


@dataclass(frozen=True, slots=True)
class Verified:
    """The whole answer, with its citations moved, and what was found of its sentences."""

    text: str
    # None when they were not checked.
    verification: Verification | None
    # What a model of entailment was asked, None if nothing.
    request: MeasuredRequest | None = None


async def verify_in_thread(
    answer: str, question: str, passages: Sequence[RetrievedChunk], *, may_change: bool
) -> Verified:
    """Check an answer in a thread: it takes some 10 ms a sentence, and a request to a model.

    An error of the check is logged, and leaves the answer as it is, unchecked.
    """
    try:
        return await asyncio.to_thread(verify, answer, question, passages, may_change=may_change)
    except Exception:
        logger.exception("an answer could not be checked")
        return Verified(answer, None)


def verify(
    answer: str, question: str, passages: Sequence[RetrievedChunk], *, may_change: bool = True
) -> Verified:
    """Check the sentences of an answer against the passages, numbered from 1.

    Wrong citations are moved in its text if it ``may_change``, else only named.
    """
    checked = list(_judged(answer, question, passages))
    level = Sensitivity.highest(each.sensitivity for each in passages)
    decided = decide_doubts(checked, level)
    pieces: list[str] = []
    found: list[CheckedSentence] = []
    end = length = n_supported = 0
    for (sentence, _verdict), verdict in zip(checked, decided.verdicts, strict=True):
        n_supported += verdict.outcome != Outcome.UNSUPPORTED
        said = answer[sentence.start : sentence.end]
        said = _recited(said, sentence, verdict) if may_change else said
        before = answer[end : sentence.start]
        pieces += [before, said]
        start = length + len(before)
        length, end = start + len(said), sentence.end
        if verdict.outcome != Outcome.SUPPORTED:
            found.append(_checked(verdict, start, length))
    text = "".join([*pieces, answer[end:]])
    verification = Verification(len(checked), n_supported, tuple(found))
    return Verified(text, verification, decided.request)


def _judged(
    answer: str, question: str, passages: Sequence[RetrievedChunk]
) -> Iterator[tuple[AnswerSentence, Verdict]]:
    """Yield the first sentences of an answer that say something, each with what rules find."""
    read = [read_passage(each.text, f"{each.display_title}\n{each.heading}") for each in passages]
    found = ((each, _verdict(each, question, read)) for each in answer_sentences(answer))
    said = (
        (sentence, verdict)
        for sentence, verdict in found
        if verdict is not None and verdict.outcome != Outcome.UNCHECKED
    )
    return islice(said, _MAX_SENTENCES)


def _verdict(
    sentence: AnswerSentence, question: str, passages: Sequence[ReadPassage]
) -> Verdict | None:
    if not sentence.is_statement or len(sentence.text) > _MAX_SENTENCE_CHARS:
        return None
    cited = [number - 1 for number in sentence.cited if 1 <= number <= len(passages)]
    return check(sentence.text, cited, passages, question=question, lead=sentence.lead)


def _recited(text: str, sentence: AnswerSentence, verdict: Verdict) -> str:
    """Return a sentence with the citations that it should have.

    A moved one is where the last was; those that remain stay where they are.
    """
    kept = [position + 1 for position in verdict.cited]
    if not sentence.cited or not kept or verdict.outcome == Outcome.UNSUPPORTED:
        return text
    if verdict.outcome == Outcome.MOVED:
        *_others, last = CITATION.finditer(text)
        moved = "".join(f"[{number}]" for number in kept)
        before = CITATION.sub("", text[: last.start()])
        return f"{before}{moved}{text[last.end() :]}"
    return CITATION.sub(lambda mark: _kept(mark, kept), text)


def _kept(mark: re.Match[str], kept: Sequence[int]) -> str:
    """Return the numbers of a mark that are kept, each in brackets, "" if none is."""
    numbers = [int(number) for number in re.findall(r"\d+", mark[1])]
    if set(numbers) <= set(kept):
        return mark[0]
    return "".join(f"[{number}]" for number in numbers if number in kept)


def _checked(verdict: Verdict, start: int, end: int) -> CheckedSentence:
    if verdict.outcome == Outcome.MOVED:
        number = verdict.cited[0] + 1
        return CheckedSentence(start=start, end=end, outcome=Outcome.MOVED, number=number)
    return CheckedSentence(
        start=start,
        end=end,
        outcome=Outcome.UNSUPPORTED,
        number=verdict.passage + 1,
        reason=verdict.reason,
        said=verdict.said[:_MAX_SAID_CHARS],
        found=verdict.found[:_MAX_SAID_CHARS],
        quote=verdict.quote[:_MAX_QUOTE_CHARS],
    )
