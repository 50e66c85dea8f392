"""The evidence of a refusal decision in words: what speaks for the passage that decides."""

from collections.abc import Iterator
from dataclasses import dataclass

from babel.numbers import format_percent
from django.utils.formats import number_format
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from retrieval.evidence.coefficients import COEFFICIENTS
from retrieval.evidence.features import Features, TranslatedFeatures
from retrieval.evidence.questions import AnswerKind, AskedQuestion


@dataclass(frozen=True, slots=True)
class EvidenceLine:
    """One feature: its name, its value, and what it adds to the decision, in log-odds."""

    label: str
    value: str
    contribution: str


def evidence_lines(
    features: Features | TranslatedFeatures | None, asked: AskedQuestion
) -> list[EvidenceLine]:
    """Return the features of a passage in words; none when they are unknown."""
    if features is None:
        return []
    if isinstance(features, TranslatedFeatures):
        return list(_translated(features))
    return list(_same_language(features, asked))


def _same_language(features: Features, asked: AskedQuestion) -> Iterator[EvidenceLine]:
    yield _line("dense", _("Meaning"), _above(features.dense), features.dense)
    yield _line(
        "window",
        _("Words of the question in the best one to three sentences"),
        _share(features.window),
        features.window,
    )
    yield _line(
        "passage",
        _("Words of the question in the passage, its headings and its title"),
        _share(features.passage),
        features.passage,
    )
    specifics = _share(features.specifics) if asked.specifics else _("the question has none")
    yield _line(
        "specifics", _("Names, acronyms and numbers of the question"), specifics, features.specifics
    )
    yield _line("kind", _("What the question asks for"), _kind(features, asked), features.kind)
    if asked.kind == AnswerKind.DEFINITION:
        found = _("a sentence defines it") if features.definition else _("no sentence defines it")
        label = _("Definition of “%(term)s”") % {"term": asked.defined}
        yield _line("definition", label, found, features.definition)


def _translated(features: TranslatedFeatures) -> Iterator[EvidenceLine]:
    yield EvidenceLine(_("Meaning"), _above(features.dense), "")
    yield EvidenceLine(
        _("Words that the question shares with a passage in another language"),
        _share(features.lexical),
        "",
    )


def _line(name: str, label: str, value: str, feature: float) -> EvidenceLine:
    contribution = COEFFICIENTS[name] * feature
    sign = "+" if contribution >= 0 else "−"
    return EvidenceLine(label, value, f"{sign}{number_format(round(abs(contribution), 2), 2)}")


def _above(sigmas: float) -> str:
    """Return how far a cosine is above that of an unrelated passage."""
    value = number_format(round(abs(sigmas), 1), 1)
    if sigmas < 0:
        return _("%(value)s standard deviations below an unrelated passage") % {"value": value}
    return _("%(value)s standard deviations above an unrelated passage") % {"value": value}


def _share(share: float) -> str:
    return format_percent(max(0.0, share), locale=get_language())


_KINDS = {
    AnswerKind.NUMBER: lambda: pgettext("asked for", "a number"),
    AnswerKind.DATE: lambda: pgettext("asked for", "a date or a duration"),
    AnswerKind.PERSON: lambda: pgettext("asked for", "a person"),
}


def _kind(features: Features, asked: AskedQuestion) -> str:
    if asked.kind not in _KINDS:
        return _("no particular kind of words")
    words = {"kind": _KINDS[asked.kind]()}
    if features.kind:
        return _("%(kind)s, which the best sentences have") % words
    return _("%(kind)s, which the best sentences lack") % words
