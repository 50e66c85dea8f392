"""Questions with an acronym find passages with its long form, and the reverse."""

import numpy as np
import pytest

from instances.models import Instance
from instances.tenancy import tenant
from retrieval.acronyms import acronyms_in, with_other_form
from retrieval.evidence.features import Features
from retrieval.legs import explain_search
from retrieval.ranking import prepare_query, rank_chunks
from tests.factories import InstanceFactory
from tests.retrieval.indexing import add_document

pytestmark = pytest.mark.django_db

# All passages mean the same here: the words alone decide.
MEANING = np.array([1.0, 0.0], np.float32)
DEFINED = "Le règlement professionnel du notariat (RPN) existe."
LONG = "Le règlement professionnel du notariat fixe les tarifs à mille euros."
SHORT = "Le RPN fixe les délais à trois mois."
OTHER = "Le règlement intérieur fixe les horaires à huit heures."


@pytest.fixture
def instance() -> Instance:
    instance = InstanceFactory()
    for number, text in enumerate((DEFINED, LONG, SHORT, OTHER)):
        add_document(instance, (text, MEANING), name=f"{number}.txt")
    return instance


def scores(instance: Instance, question: str) -> dict[str, float]:
    with tenant(instance):
        query = prepare_query(instance=instance, query=question, embedding=MEANING)
        rows = rank_chunks(instance_id=instance.pk, query=query, limit=10)
    return {row["text"]: row["bm25"] for row in rows}


def test_acronym_finds_the_long_form(instance: Instance) -> None:
    found = scores(instance, "Que dit le RPN ?")
    assert found[LONG] > 0
    assert found[SHORT] > found[LONG] > found[OTHER]


def test_long_form_finds_the_acronym(instance: Instance) -> None:
    found = scores(instance, "Que dit le règlement professionnel du notariat ?")
    assert found[SHORT] > found[OTHER]
    assert found[LONG] > found[SHORT]


def test_words_that_only_look_like_it_are_not_expanded(instance: Instance) -> None:
    assert scores(instance, "Que dit le rpn ?")[LONG] == 0
    assert scores(instance, "Que dit le règlement du notariat ?")[SHORT] == 0


def test_window_with_one_form_holds_the_other(instance: Instance) -> None:
    def features(question: str) -> Features:
        with tenant(instance):
            found = explain_search(instance=instance, query=question, embedding=MEANING, depth=10)
        (features,) = (one.features for one in found.chunks if one.chunk.text == LONG)
        assert isinstance(features, Features)
        return features

    short, unknown = features("Les tarifs du RPN ?"), features("Les tarifs du RPX ?")
    assert (short.specifics, unknown.specifics) == (1, 0)
    assert short.window == pytest.approx(1)
    assert unknown.window < 0.8


def test_acronyms_of_another_instance_do_not_count(instance: Instance) -> None:
    other = InstanceFactory()
    add_document(other, (LONG, MEANING), (SHORT, MEANING))
    assert scores(other, "Que dit le RPN ?")[LONG] == 0


def test_acronym_that_is_a_stop_word_is_expanded_one_way() -> None:
    known = [("ce", "conseil etablissement")]
    (acronym,) = acronyms_in("Que décide le CE ?", known)
    assert len(acronym.added) == 2
    assert acronyms_in("Que décide le conseil d'établissement ?", known) == ()
    assert acronyms_in("Le CE, ou conseil d'établissement ?", known) == ()
    assert with_other_form(acronym.added, [acronym]) == acronym.added
