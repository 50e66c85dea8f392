"""Words of rules and procedures that answers put for one another, in French and English."""

from collections.abc import Mapping
from functools import cache

from ingestion.indexing.lexical import analyse

_GROUPS = """
payer paie régler règle acquitter acquitte verser verse coûter coûte facturer facturé
prix tarif coût montant somme
commencer commence début débuter débute démarrer démarre courir
finir fin terminer terme achever expirer cesser
envoyer envoi adresser transmettre transmis expédier
donner remettre remet fournir fourni apporter présenter joindre
recevoir reçoit obtenir percevoir toucher
conserver garder gardé
supprimer effacer détruire éliminer
posséder disposer détenir titulaire
demander solliciter requérir
interdit défendu prohibé proscrit
permis autorisé possible admis
facture note
maladie souffrance
réunir réunit siéger siège tenir
comprendre comprend compter compte inclure contenir contient composer comporte
écrire écrit rédiger rédigé
nommer nommé désigner désigné
partir départ quitter
réparer réparation
annoncer prévenir prévient avertir informer signaler
utiliser employer usage
enfant mineur
salarié employé agent personnel
étudiant élève
fournisseur titulaire prestataire
délai durée période temps
chaque tous annuel an
mensuel mois mensualisation
logé hébergé hébergement
nuit nuitée
logement chambre
voyage voyager déplacement mission
photo photographie
acheter achat
abîmé détérioré endommagé
pay cost charge fee price amount
rent rental
start begin commence run
end finish expire cease stop
send submit mail forward
give provide supply hand issue
get receive obtain
keep store retain hold
delete erase remove destroy
have own possess
ask request apply
forbid ban prohibit
allow permit authorise
tell notify inform report
use employ
child minor
staff employee worker
buy purchase
exam examination
week weekly
month monthly
year annual yearly
day daily
reply answer respond
choose select appoint
meet meeting sit
meeting assembly
help assist support
leave quit depart
repair fix
lock block
house home lodge
"""


@cache
def synonyms() -> Mapping[int, frozenset[int]]:
    """Return, for each term, the terms that mean nearly the same."""
    found: dict[int, frozenset[int]] = {}
    for line in _GROUPS.strip().splitlines():
        group = frozenset(analyse(line))
        for term in group:
            found[term] = found.get(term, frozenset()) | group
    return found
