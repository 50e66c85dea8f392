"""What is found of sentences: true, altered in one place, and with the wrong citation."""

import random

import pytest

from retrieval.evidence.units import Kind
from retrieval.verification.passages import read_passage
from retrieval.verification.verdicts import Outcome, Reason, check

LOANS = read_passage(
    "Le lecteur emprunte 25 documents pour trois semaines. Le prêt est gratuit.\n\n"
    "Sont exclus du prêt :\n- les dictionnaires ;\n- les journaux ;\n- les cartes.",
    "Règlement du prêt\n1. Prêt",
)
FEES = read_passage(
    "Le droit annuel est fixé par le directeur sur proposition du conseil.\n\n"
    "| Lecteurs | Droit annuel en euros |\n|---|---|\n| Étudiants | 0 |\n| Extérieurs | 34 |\n"
    "| Entreprises | 120 |",
    "Tarifs",
)
ENGLISH = read_passage(
    "Guests may stay for no more than three nights. Dogs are not permitted. The warden must be "
    "told before 1 March 2024.",
    "House rules",
)
PASSAGES = (LOANS, FEES, ENGLISH)


@pytest.mark.parametrize(
    ("sentence", "cited"),
    [
        ("Le lecteur emprunte 25 documents pour trois semaines.", 0),
        ("Un lecteur peut emprunter vingt-cinq documents pendant 3 semaines.", 0),
        ("Les dictionnaires et les journaux sont exclus du prêt.", 0),
        ("Les extérieurs paient 34 € par an.", 1),
        ("Le droit annuel est de 120 euros pour les entreprises.", 1),
        ("A guest may stay three nights at most.", 2),
        ("Dogs are not allowed.", 2),
        ("You must tell the warden before 01/03/2024.", 2),
    ],
)
def test_supported_sentence_is_not_marked(sentence, cited):
    assert check(sentence, [cited], PASSAGES).outcome == Outcome.SUPPORTED


@pytest.mark.parametrize(
    ("sentence", "cited", "reason"),
    [
        ("Le lecteur emprunte 30 documents pour trois semaines.", 0, Reason.QUANTITY),
        ("Le lecteur emprunte 25 documents pour trois mois.", 0, Reason.QUANTITY),
        ("Le prêt n'est pas gratuit.", 0, Reason.DENIED),
        ("Les journaux ne sont pas exclus du prêt.", 0, Reason.DENIED),
        ("Les entreprises paient 34 € par an.", 1, Reason.ORDER),
        (
            "Le droit annuel est fixé par le conseil sur proposition du directeur.",
            1,
            Reason.ORDER,
        ),
        ("Le droit annuel est fixé par le directeur de la BNF.", 1, Reason.NAME),
        ("Dogs are permitted.", 2, Reason.DENIED),
        ("Guests may stay for at least three nights.", 2, Reason.LIMIT),
        ("The warden may be told before 1 March 2024.", 2, Reason.FORCE),
        ("The warden must be told before 1 May 2024.", 2, Reason.QUANTITY),
        ("Guests receive a welcome basket and a parking permit.", 2, Reason.WORDS),
        # The number of the section is none of the text.
        ("Le prêt coûte 1 €.", 0, Reason.QUANTITY),
    ],
)
def test_altered_sentence_is_marked_with_the_reason(sentence, cited, reason):
    verdict = check(sentence, [cited], PASSAGES)
    assert (verdict.outcome, verdict.reason) == (Outcome.UNSUPPORTED, reason)


def test_contrary_of_a_word_of_the_passage_is_named():
    verdict = check("The warden must be told after 1 March 2024.", [2], PASSAGES)
    assert (verdict.outcome, verdict.reason) == (Outcome.UNSUPPORTED, Reason.CONTRARY)
    assert (verdict.said, verdict.found) == ("after", "before")


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        ("Dès lors, prendre l'avion est exclu.", "L'avion n'est pas autorisé."),
        ("Nul ne travaille seul le dimanche ni la nuit.", "Il est interdit de travailler seul."),
        ("La bibliothèque n'ouvre pas le samedi.", "La bibliothèque est fermée le samedi."),
        ("Vous n'avez rien à payer pour le prêt.", "Le prêt est sans frais."),
        ("Without a card, call the warden.", "If you have no card, call the warden."),
    ],
)  # fmt: skip
def test_denial_in_other_words_is_none(sentence, passage):
    verdict = check(sentence, [0], [read_passage(passage)])
    assert verdict.reason != Reason.DENIED


def test_fact_put_together_from_two_sentences_is_marked():
    passage = read_passage("Les photocopieurs se trouvent au sous-sol. Un numériseur est gratuit.")
    verdict = check("Les photocopieurs sont gratuits.", [0], [passage])
    assert verdict.outcome == Outcome.UNSUPPORTED


def test_no_window_is_in_two_sections():
    passage = read_passage("Fire\n\nLeave at once.\n\nParcels\n\nAsk the porter. Show a card.")
    assert {each.text for each in passage.windows} == {
        *("Leave at once.", "Ask the porter.", "Ask the porter. Show a card.", "Show a card."),
    }


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        ("A guarantor provides a student.", "Students provide a guarantor."),
        ("Call the warden, then leave the room.", "Leave the room, then call the warden."),
        ("Le maire convoque le conseil.", "Le conseil convoque le maire."),
    ],
)
def test_reversed_roles_are_marked(sentence, passage):
    verdict = check(sentence, [0], [read_passage(passage)])
    assert (verdict.outcome, verdict.reason) == (Outcome.UNSUPPORTED, Reason.ORDER)


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        ("The council is convened by the mayor.", "The mayor convenes the council."),
        ("Le maire convoque le conseil.", "Le conseil est convoqué par le maire."),
    ],
)
def test_passive_does_not_reverse_roles(sentence, passage):
    assert check(sentence, [0], [read_passage(passage)]).outcome == Outcome.SUPPORTED


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        ("Send the file unencrypted.", "Send the file encrypted."),
        ("Les déchets recyclables vont dehors.", "Les déchets non recyclables vont dehors."),
        ("Les bidons sales sont acceptés.", "Les bidons sales sont refusés."),
        ("Stay in the building in case of fire.", "Leave the building in case of fire."),
    ],
)
def test_denied_word_is_marked(sentence, passage):
    verdict = check(sentence, [0], [read_passage(passage)])
    assert verdict.reason in (Reason.CONTRARY, Reason.DENIED)


def test_sentence_is_not_moved_to_a_passage_that_has_less_of_it():
    other = read_passage("Le prêt de livres est une mission de la bibliothèque.")
    verdict = check("Le prêt n'est pas gratuit.", [0], [LOANS, other])
    assert verdict.outcome == Outcome.UNSUPPORTED


def test_reason_names_both_numbers():
    verdict = check("Le lecteur emprunte 30 documents pour trois semaines.", [0], PASSAGES)
    assert (verdict.said, verdict.found) == ("30", "25")
    assert verdict.quote == "Le lecteur emprunte 25 documents pour trois semaines."
    assert verdict.passage == 0


def test_wrong_citation_is_moved_to_the_passage_that_supports():
    verdict = check("Le lecteur emprunte 25 documents pour trois semaines.", [1], PASSAGES)
    assert (verdict.outcome, verdict.cited) == (Outcome.MOVED, (0,))


def test_citation_that_adds_nothing_is_removed():
    verdict = check("Dogs are not permitted.", [2, 1], PASSAGES)
    assert (verdict.outcome, verdict.cited) == (Outcome.SUPPORTED, (2,))


def test_invented_sentence_loses_its_citation():
    verdict = check("La cafétéria sert des crêpes jusqu'à minuit.", [0], PASSAGES)
    assert (verdict.outcome, verdict.cited) == (Outcome.UNSUPPORTED, ())


def test_sentence_without_citation_is_compared_with_all_passages():
    assert check("Le prêt est gratuit.", [], PASSAGES).outcome == Outcome.SUPPORTED
    assert check("Le prêt coûte 12 €.", [], PASSAGES).outcome == Outcome.UNSUPPORTED


def test_number_of_the_question_needs_no_passage():
    sentence = "Pour 40 documents, le prêt est gratuit."
    assert check(sentence, [0], PASSAGES).outcome == Outcome.UNSUPPORTED
    asked = check(sentence, [0], PASSAGES, question="Et pour 40 documents ?")
    assert asked.outcome == Outcome.SUPPORTED


def test_only_quantities_are_compared_in_another_language():
    assert (
        check(
            "Il faut prévenir le gardien avant le 1er mars 2024 au plus tard, et les chiens "
            "sont interdits dans la maison.",
            [2],
            PASSAGES,
        ).outcome
        == Outcome.UNCHECKED
    )
    assert (
        check(
            "Il faut prévenir le gardien avant le 1er mai 2024 au plus tard, et les chiens "
            "sont interdits dans la maison.",
            [2],
            PASSAGES,
        ).outcome
        == Outcome.UNSUPPORTED
    )


@pytest.mark.parametrize("sentence", ["Oui.", "", "[1]", "Voici."])
def test_sentence_that_says_too_little_is_unchecked(sentence):
    assert check(sentence, [0], PASSAGES).outcome == Outcome.UNCHECKED


def test_any_text_can_be_checked():
    pieces = ["le", "Le", " ", "ne", "pas", "25", "%", "[1]", "|", "\n", ":", "BNF", "et", "(", "-"]
    chosen = random.Random(11)
    for _text in range(200):
        sentence, passage = (
            "".join(chosen.choices(pieces, k=chosen.randrange(40))) for _each in range(2)
        )
        assert set(check(sentence, [0], [read_passage(passage)]).cited) <= {0}


@pytest.mark.parametrize("passage", PASSAGES, ids=["loans", "fees", "english"])
def test_whole_sentences_of_a_passage_are_supported(passage):
    for unit in passage.units:
        if unit.kind == Kind.SENTENCE:
            verdict = check(passage.text[unit.start : unit.end], [0], [passage])
            assert verdict.outcome in (Outcome.SUPPORTED, Outcome.UNCHECKED)
