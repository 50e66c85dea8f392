"""Answers checked as a whole: what is marked, and where citations are moved."""

import pytest
from django.utils import translation

from chat.answers.verification import checking
from chat.answers.verification.checking import CheckedSentence, Verification, verify
from chat.answers.verification.messages import (
    api_verification,
    from_json,
    reason_of,
    to_json,
    verification_data,
)
from retrieval.verification.verdicts import Outcome, Reason
from tests.chat.answers.quoting.test_extractive import passage

LOANS = passage("Le lecteur emprunte 25 documents pour trois semaines. Le prêt est gratuit.")
HOURS = passage("La bibliothèque ouvre à huit heures. Elle ferme le dimanche.")
PASSAGES = (LOANS, HOURS)
QUESTION = "Comment emprunter ?"


async def test_error_of_the_check_leaves_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_arguments: object, **_options: object) -> None:
        raise RecursionError

    monkeypatch.setattr(checking, "verify", fail)
    verified = await checking.verify_in_thread("Oui [1].", QUESTION, PASSAGES, may_change=True)
    assert verified == checking.Verified("Oui [1].", None)


def test_endless_sentence_is_not_checked():
    """A model that repeats itself wrote 20,000 characters without a full stop: 18 seconds."""
    verified = verify("1 " * 10_000, QUESTION, PASSAGES)
    assert verified.verification == Verification(0, 0)


def test_altered_number_is_marked_where_it_is():
    answer = "Le prêt est gratuit [1]. Le lecteur emprunte 30 documents [1]."
    verified = verify(answer, QUESTION, PASSAGES)
    assert verified.text == answer
    assert verified.verification is not None
    (marked,) = verified.verification.sentences
    assert answer[marked.start : marked.end] == "Le lecteur emprunte 30 documents [1]."
    assert (marked.outcome, marked.number) == (Outcome.UNSUPPORTED, 1)
    assert (marked.said, marked.found) == ("30", "25")
    assert (verified.verification.checked, verified.verification.supported) == (2, 1)


def test_wrong_citation_is_moved_and_later_places_follow():
    answer = "Elle ferme le dimanche [1].\n\n- Le lecteur emprunte 30 documents [1][2]"
    verified = verify(answer, QUESTION, PASSAGES)
    assert verified.text.startswith("Elle ferme le dimanche [2].\n\n- Le lecteur")
    assert verified.verification is not None
    moved, marked = verified.verification.sentences
    assert (moved.outcome, moved.number) == (Outcome.MOVED, 2)
    assert verified.text[marked.start : marked.end] == "Le lecteur emprunte 30 documents [1][2]"


def test_citation_that_adds_nothing_is_removed_and_others_stay_in_place():
    verified = verify("Le prêt [1] est gratuit [1][2].", QUESTION, PASSAGES)
    assert verified.text == "Le prêt [1] est gratuit [1]."
    assert verified.verification == Verification(1, 1, ())


def test_number_that_does_not_exist_is_left_alone():
    assert verify("Le prêt est gratuit [7].", QUESTION, PASSAGES).text == "Le prêt est gratuit [7]."


def test_verification_is_the_same_after_storage():
    found = verify("Le lecteur emprunte 30 documents [1].", QUESTION, PASSAGES).verification
    assert from_json(to_json(found)) == found
    assert from_json(None) is None


def test_reason_is_told_in_french():
    checked = CheckedSentence(
        start=0, end=1, outcome=Outcome.UNSUPPORTED, reason=Reason.QUANTITY, said="30", found="25"
    )
    with translation.override("fr"):
        assert reason_of(checked) == "Le passage dit 25, la réponse 30."


@pytest.mark.parametrize("reason", [None, *Reason])
@pytest.mark.parametrize("said", ["", "30 %"])
def test_every_reason_has_a_sentence(reason, said):
    checked = CheckedSentence(start=0, end=1, outcome=Outcome.UNSUPPORTED, reason=reason, said=said)
    told = reason_of(checked)
    assert told.endswith(".")
    assert "“”" not in told


def test_guest_is_not_told_of_passages_that_are_not_cited():
    found = verify("Le lecteur emprunte 30 documents.", QUESTION, PASSAGES).verification
    for cited_only, quote in ((False, "25 documents"), (True, "")):
        data = verification_data(found, used=(), cited_only=cited_only)
        assert data is not None
        (sentence,) = data["sentences"]
        assert quote in sentence["quote"]
        assert ("25" in sentence["message"]) is not cited_only


def test_client_of_the_api_reads_which_sentences_are_unsupported():
    verified = verify("Le lecteur emprunte 30 documents [1].", QUESTION, PASSAGES)
    data = api_verification(verified.verification, verified.text)
    assert data is not None
    assert (data["checked"], data["supported"]) == (1, 0)
    assert data["sentences"] == [
        {
            "text": "Le lecteur emprunte 30 documents [1].",
            "outcome": "unsupported",
            "reason": "quantity",
            "message": "The passage says 25, the answer 30.",
            "citation": 1,
        }
    ]
