"""Names of persons, by the real model of spaCy, where it is installed."""

from typing import Any

import pytest

from inference.personal_data.detection import find_personal_data
from inference.personal_data.names import is_available

with_model = pytest.mark.skipif(
    not is_available(), reason="spaCy's French model is not installed (requirements-names.txt)"
)


def names(text: str) -> list[str]:
    found = find_personal_data(text, names=True)
    return [text[one.start : one.end] for one in found if one.kind == "name"]


@with_model
@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Marie Durand a-t-elle droit au congé parental ?", ["Marie Durand"]),
        ("Quel est le salaire de Jean-Pierre Lefèvre ?", ["Jean-Pierre Lefèvre"]),
        ("le dossier de Nguyen Thi Lan est incomplet", ["Nguyen Thi Lan"]),
        ("Combien de jours de congé ont les doctorants ?", []),
        ("Où se trouve l’amphithéâtre Marie Curie ?", []),
        ("L’université Paul Sabatier accepte-t-elle les dossiers ?", []),
        ("Que dit le Code du travail sur le CDD ?", []),
        ("Comment utiliser Microsoft Teams ?", []),
    ],
    ids=lambda value: value[:20] if isinstance(value, str) else "",
)
def test_full_names_are_found(text: str, expected: list[str]) -> None:
    assert names(text) == expected


@with_model
def test_names_are_looked_for_on_demand_only() -> None:
    assert find_personal_data("Marie Durand a-t-elle droit au congé parental ?") == ()


def test_without_the_model_no_name_is_found(settings: Any) -> None:
    settings.NAMES_MODEL = "no_such_model"
    assert not is_available()
    assert names("Marie Durand a-t-elle droit au congé parental ?") == []
