"""The language of a text, by its most common little words."""

import re
from collections.abc import Mapping

_WORD = re.compile(r"[^\W\d_]+")
_MIN_HITS = 5
_LITTLE_WORDS: Mapping[str, frozenset[str]] = {
    language: frozenset(word for word in words.split() if len(word) > 1)
    for language, words in {
        "fr": "le la les des du un une et est dans pour que qui sur par au aux avec ce cette ces "
        "sont ou pas plus être vous nous leur ses il elle été fait comme mais donc",
        "en": "the of and to in is that for it as was with be by on are this which or from at an "
        "not have has you we they their its will can been but were",
        "es": "el la los las de del que y en un una es por con para se al lo como más su sus este "
        "esta son pero fue han muy también o",
        "de": "der die das und ist in zu den mit von für auf nicht ein eine im dem des sich werden "
        "auch als an wird oder bei einer nach sind dass",
        "it": "il di che è la le un una per con non del della dei sono nel alla come più anche si "
        "gli delle al questo essere ma i da",
        "pt": "o a os as de do da dos das que e em um uma para com não no na por mais se como ao "
        "seu sua ou ser foi são também é",
        "nl": "de het een en van in is dat op te met voor niet zijn aan er die ook als bij door "
        "worden naar uit wordt of maar over",
    }.items()
}


_ASKING_WORDS: Mapping[str, frozenset[str]] = {
    language: frozenset(words.split())
    for language, words in {
        "fr": "quel quelle quels quelles comment combien quand où quoi qu' est-ce peut-on faut-il "
        "y quelqu'un puis-je de à",
        "en": "what who whom whose when where how why does do did may must should my i there",
        "es": "qué quién quiénes cuándo cuánto cuánta cuántos cuántas cuál cuáles dónde cómo",
        "de": "was wer wann wo wie warum welche welcher welches kann muss darf ich",
        "it": "cosa chi quando quanto quanti quale quali dove come perché posso",
        "pt": "qual quais quem quando quanto quantos onde como porque",
        "nl": "wat wie wanneer waar hoe waarom welke kan mag ik",
    }.items()
}


# What a word tells of each language.
_POINTS: Mapping[str, tuple[tuple[str, int], ...]] = {
    word: tuple(
        (language, points)
        for language, little in _LITTLE_WORDS.items()
        if (points := (word in little) + 2 * (word in _ASKING_WORDS[language]))
    )
    for word in frozenset().union(*_LITTLE_WORDS.values(), *_ASKING_WORDS.values())
}


def likely_language(text: str) -> str | None:
    """Return the language of a question or of a short text, of which two words tell, or None."""
    hits = dict.fromkeys(_LITTLE_WORDS, 0)
    for word in _WORD.findall(text):
        for language, points in _POINTS.get(word.lower(), ()):
            hits[language] += points
    ranked = sorted(hits.items(), key=lambda item: (-item[1], item[0]))
    (best, count), (_, second) = ranked[0], ranked[1]
    return best if count > 1 and count > second else None


def detect_language(text: str) -> str | None:
    """Return the ISO 639-1 code of the language of `text`, or None when it does not tell."""
    words = [word.lower() for word in _WORD.findall(text)]
    hits = {
        language: sum(word in little for word in words)
        for language, little in _LITTLE_WORDS.items()
    }
    ranked = sorted(hits.items(), key=lambda item: (-item[1], item[0]))
    (best, count), (_, second) = ranked[0], ranked[1]
    if count < _MIN_HITS or count < len(words) * 0.08 or count <= second:
        return None
    return best
