"""The ten classes and the hundred divisions, in French and English."""

import re

from django.utils import translation

from bench.subjects.__main__ import read_questions
from usage.subjects import divisions


def test_ten_classes_have_a_hundred_divisions_described_in_both_languages():
    numbers = [f"{tens:02d}0" for tens in range(100)]
    assert list(divisions.divisions()) == numbers
    assert [whole.digit for whole in divisions.main_classes()] == list("0123456789")
    for whole in divisions.main_classes():
        assert [each.number[0] for each in whole.divisions] == [whole.digit] * 10
    described = [*divisions.main_classes(), *divisions.divisions().values()]
    assert all(each.en and each.fr for each in described)
    assert len({each.fr for each in divisions.divisions().values()}) == 100


def test_every_division_has_different_examples_except_the_unassigned_one():
    few = [each.number for each in divisions.divisions().values() if len(each.examples) < 12]
    assert few == ["040"]
    texts = [text.casefold() for _, text in divisions.examples()]
    assert len(set(texts)) == len(texts)


def test_examples_do_not_repeat_the_questions_of_the_benchmark():
    """Accuracy on questions that the classifier was trained with would say nothing."""
    examples = [(words(text), text) for _, text in divisions.examples()]
    repeated = [
        (question.text, text)
        for question in read_questions()
        if (wanted := words(question.text))
        for example, text in examples
        if len(wanted) > 2 and len(wanted & example) > 0.6 * len(wanted | example)
    ]
    assert repeated == []


def words(text: str) -> frozenset[str]:
    """The words of some length, which carry the subject."""
    return frozenset(re.findall(r"\w{4,}", text.casefold()))


def test_descriptions_are_in_the_language_of_the_reader():
    with translation.override("fr"):
        assert divisions.describe_division("340") == "Droit"
        assert divisions.describe_class("340") == "Société, économie, droit et éducation"
    with translation.override("en"):
        assert divisions.describe_division("340") == "Law"
        assert divisions.describe_class("3") == "Society, economy, law and education"
