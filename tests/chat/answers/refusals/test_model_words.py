"""A model's own words that the passages do not answer."""

import pytest

from chat.answers.refusals.model_words import says_nothing_found

REFUSALS = [
    "Les passages ne précisent pas le montant de l'indemnité.",
    "Les passages fournis ne contiennent pas d'information sur ce sujet [1][2].",
    "Aucun des documents fournis ne mentionne le Japon.",
    "Aucun passage ne répond à cette question.",
    "Je n'ai pas trouvé de réponse à cette question dans les passages.",
    "Je ne peux pas répondre à cette question à partir des passages fournis.",
    "Désolé, je ne dispose pas d'informations suffisantes pour répondre.",
    "Il n'y a aucune information sur le salaire dans les documents.",
    "Cette information n'est pas mentionnée dans les passages fournis.",
    "Le règlement ne précise pas l'âge minimal.",
    "Le prix du vélo ne figure pas dans les passages. Vous pouvez contacter le service.",
    "La réponse à cette question ne se trouve pas dans les extraits.",
    "Il est impossible de répondre à cette question avec les passages donnés.",
    "Les documents **n'indiquent pas** qui dirige l’école doctorale.",
    "The passages do not say.",
    "The provided passages do not mention the salary of a warden [3].",
    "The passages don't contain any information about Japan. Please ask the travel office.",
    "None of the passages answers this question.",
    "I could not find an answer in the documents.",
    "I'm sorry, but I do not have enough information to answer this question.",
    "There is no information about parking in the passages provided.",
    "The name of the director is not mentioned in the passages.",
    "This question cannot be answered from the given passages.",
    "Based on the passages, it is not specified who chairs the committee.",
    "I am unable to answer this question based on the passages.",
]
ANSWERS = [
    "",
    "Les doctorants ont vingt-cinq jours de congé [1].",
    "Non, les animaux ne sont pas admis dans la bibliothèque [2].",
    "L'avion n'est pas autorisé si le trajet dure moins de quatre heures [1].",
    "Les lecteurs extérieurs ne peuvent pas emprunter de tablette [3].",
    "Le règlement interdit de travailler seul. Il ne précise pas d'exception [1].",
    "Les passages ne mentionnent pas les doctorants, mais la durée est de trois ans. "
    "Elle peut être prolongée d'un an [2].",
    "You may not keep a pet [1].",
    "The deposit is not refunded if the room is damaged [2].",
    "No, a guest may stay for three nights at most [1].",
    "Les passages ne précisent pas d'exception, mais il est interdit de fumer [1].",
    "The passages do not name the hall. The rent is £162 a week [3].",
    "The deposit is not included in the rent [1].",
    "Breakfast is not provided [2].",
    "L'indemnité n'est pas due dans ce cas [1].",
    "Documents that are not returned within three weeks are charged [1].",
]


@pytest.mark.parametrize("text", REFUSALS)
def test_refusals_are_recognised(text: str) -> None:
    assert says_nothing_found(text)


@pytest.mark.parametrize("text", ANSWERS)
def test_answers_are_not_refusals(text: str) -> None:
    assert not says_nothing_found(text)


def test_long_text_is_an_answer() -> None:
    assert not says_nothing_found("The passages do not say. " + "It depends on the hall. " * 30)
