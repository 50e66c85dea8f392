"""Names of persons in a text, by spaCy's French model, where it is installed.

Only given name and surname together count, so that neither "Marie" nor a title of a law is held;
not those in the names of places and bodies ("université Paul Sabatier"), nor of prizes and laws.
"""

import re
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from django.conf import settings

_BEFORE = re.compile(
    r"\b(?:universit[ée]|institut|facult[ée]|[ée]cole|lyc[ée]e|coll[èe]ge|campus|b[âa]timent|amphi"
    r"(?:th[ée][âa]tre)?|salle|biblioth[èe]que|laboratoire|h[ôo]pital|rue|avenue|boulevard|place|quai"
    r"|prix|loi|bourse|programme|fondation|mus[ée]e|r[ée]sidence|restaurant|gymnase|centre)"
    r"(?:\s+(?:de|du|des|d['’]|universitaire))*\s+\Z",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_][\w'’-]*")


def is_available() -> bool:
    """Whether names can be looked for; nothing is loaded."""
    model = settings.NAMES_MODEL
    has_model = Path(model).is_dir() if "/" in model else find_spec(model) is not None
    return has_model and find_spec("spacy") is not None


def names_in(text: str) -> Iterator[tuple[int, int]]:
    """Yield start and end of names of persons; none without the model."""
    if not is_available():
        return
    for entity in _model()(text).ents:
        words = [word[0] for word in _WORD.findall(entity.text)]
        is_full = len(words) > 1 and words[0].isupper() and words[-1].isupper()
        if entity.label_ == "PER" and is_full and not _BEFORE.search(text[: entity.start_char]):
            yield entity.start_char, entity.end_char


@cache
def _model() -> Any:
    import spacy

    # The rest of the pipeline is not needed for names.
    unused = ["parser", "tagger", "morphologizer", "lemmatizer", "attribute_ruler"]
    return spacy.load(settings.NAMES_MODEL, exclude=unused)
