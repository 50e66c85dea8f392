"""Words that exclude one another: a sentence says "nord" where its source says "sud"."""

from collections.abc import Mapping, Sequence, Set
from functools import cache, lru_cache
from itertools import pairwise

# A line names a matter, with its alternatives after "|". Words are folded.
_GROUPS = """
nord | sud | ouest
north | south | east | west
avant prealable prealablement anterieur | apres ensuite posterieur
before beforehand prior | after afterwards
premier premiere | dernier derniere
first | last
precede precedent precedant | suit suivent
interieur interne dedans | exterieur externe dehors
inside indoor | outside outdoor
internal | external
vide vider | plein pleine
empty | full
ouvert ouverte ouvrir ouvre ouvrent | ferme fermer ferment fermee
open opens opened | closes closed shut locked
froid froide | tiede chaud chaude
cold | warm hot lukewarm
horizontal horizontale | vertical verticale debout
matin | soir soiree
morning | afternoon | evening
winter | summer | autumn
etudiant etudiante eleve doctorant | enseignant professeur | personnel agent salarie employe
student pupil | teacher professor lecturer | staff employee
guest visitor | resident tenant
directeur directrice | president presidente presidence | doyen doyenne | recteur rectrice | prefet
ministre ministere | secretaire | tresorier tresoriere | maire
director | president | dean | chair chairman chairperson | secretary | treasurer | registrar | mayor
parent | enfant
parents | child children
pere | mere
father | mother
homme | femme
man men | woman women
reste restent rester restez | quitte quittent quitter quittez evacue evacuer evacuez
stay stays remain remains | leave leaves left
garde garder gardez conserve conserver conservez | supprime supprimer supprimez detruit detruire
keep keeps kept | delete deletes deleted destroy destroyed discard discarded
present presente | absent absente
present | absent
vivant vivante | mort decede defunt
living alive | dead deceased
mineur mineure | majeur majeure adulte
minor underage | adult
train | avion | voiture automobile | autobus bus autocar | bateau | velo bicyclette | taxi
plane flight | boat ferry | bicycle bike | coach
courriel mail electronique | papier courrier lettre postal | telephone
email mail electronic | letter paper | telephone phone
ecrit ecrite | oral orale verbal
written writing | oral orally verbal verbally
gratuit gratuite gratuitement | payant payante
public publique | prive privee confidentiel restreint
public | private confidential restricted
individuel individuelle | collectif collective
individual | collective joint
obligatoire | facultatif facultative
compulsory mandatory obligatory | optional voluntary
minimum minimal minimale | maximum maximal maximale
augmente augmentation hausse majore majoration | diminue diminution baisse reduit reduction
increase increases increased | decrease decreases decreased reduced reduction
quotidien quotidienne journalier | hebdomadaire | mensuel | trimestriel | semestriel | annuel
daily | weekly | monthly | quarterly | yearly annual annually
debut commence | fin termine expire
start starts begins begin | end ends expires
arrivee | depart
arrival arrives | departure departs
entree | sortie
entrance entry | exit
achat achete acheter | vente vendu vendre
purchase buy bought | sale sell sold
nouveau nouvelle neuf | ancien ancienne usage
new | old former
petit petite | grand grande
small | large big
court courte | long longue
short | long
eleve haut haute | bas basse faible
high higher highest | low lower lowest
etage | chaussee
national nationale | international | regional | local | europeen
mariage marie | celibataire
titulaire | suppleant suppleante contractuel
temporaire provisoire | definitif definitive permanent
temporary provisional | permanent
total totale complet integral | partiel partielle
total complete entire | partial
brut brute | net nette
gross | net
rouge | vert verte | bleu bleue | jaune | noir noire | blanc blanche | gris
red | green | blue | yellow | black | white | grey
cle | carte badge
key | card badge
recto | verso
import importation | export exportation
gagne gagner | perd perdre perdu
win wins won | lose loses lost
accorde accepte accepter approuve | refuse refuser rejete
granted accepted approved | refused rejected
sec seche | humide mouille
dry | wet
licence | master | doctorat
bachelor | master | doctorate
"""


@cache
def _alternatives() -> Mapping[str, tuple[tuple[int, int], ...]]:
    """Return, for each root, the matters that it speaks of, each with the alternative it names."""
    found: dict[str, list[tuple[int, int]]] = {}
    lines = _GROUPS.strip().splitlines()
    for matter, line in enumerate(lines):
        for alternative, words in enumerate(line.split("|")):
            for root in {_root(word) for word in words.split()}:
                found.setdefault(root, []).append((matter, alternative))
    return {root: tuple(matters) for root, matters in found.items()}


# "Unencrypted", "non halogénés".
_UN, _SHORTEST_DENIED, _NON = "un", 5, "non"


def contraries(said: Sequence[str], source: Sequence[str]) -> list[tuple[str, str]]:
    """Return the folded words that name an alternative, each with another one that the source has.

    Only of matters of which neither has what the other has. Both are the words of a text, in order.
    """
    ours, theirs = _matters(frozenset(said)), _matters(frozenset(source))
    return _denied_in_one(said, source) + [
        (min(words), min(next(iter(theirs[matter].values()))))
        for matter, named in sorted(ours.items())
        if len(named) == 1 and matter in theirs and named.keys().isdisjoint(theirs[matter])
        for words in named.values()
    ]


def _denied_in_one(said: Sequence[str], source: Sequence[str]) -> list[tuple[str, str]]:
    ours, theirs = _denied(said), _denied(source)
    found = {(ours[word], word) for word in ours.keys() & set(source) - theirs.keys()}
    found |= {(word, theirs[word]) for word in theirs.keys() & set(said) - ours.keys()}
    return sorted(found)


def _denied(words: Sequence[str]) -> dict[str, str]:
    """Return the words that are denied by "un" or "non", each with how that is written."""
    found = {word: f"{_NON} {word}" for before, word in pairwise(words) if before == _NON}
    for word in words:
        stem = word.removeprefix(_UN)
        if stem != word and len(stem) >= _SHORTEST_DENIED:
            found[stem] = word
    return found


def _matters(words: Set[str]) -> dict[int, dict[int, set[str]]]:
    """Return the matters of which words speak, with the words for each alternative."""
    known, found = _alternatives(), dict[int, dict[int, set[str]]]()
    for word in words:
        for matter, alternative in known.get(_root(word), ()):
            found.setdefault(matter, {}).setdefault(alternative, set()).add(word)
    return found


@lru_cache(maxsize=20_000)
def _root(word: str) -> str:
    """Return a word without the endings of the plural and of the feminine."""
    return word.removesuffix("s").removesuffix("e")
