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
annuler annulation résilier
rembourser charge indemniser
plafond plafonner limite dépasser excéder
prolonger renouveler proroger reconduire
réserver réservation retenir
louer location bail
habiter résider domicile domicilié chez
quotidien jour journalier
revenir rentrer retour
remettre déposer dépôt rendre restituer
répondre réponse
choisir choix option
décider décision arrêter
aider aide soutien assistance accompagner
participer participation prendre
vérifier contrôler contrôle vérification
valider approuver accord autorisation autoriser agréer
refuser rejeter rejet refus
désigner élire élu
diriger dirigé directeur direction
tarif forfait
livre ouvrage document
ordinateur poste
téléphone appeler joindre composer
salle local pièce
lieu endroit site
ville commune municipalité
pays étranger international
voiture véhicule automobile
billet titre
hôtel nuitée hébergement
repas déjeuner dîner restauration
argent financement fonds budget
subvention aide allocation
contrat convention accord
règle règlement consigne
directive circulaire instruction
danger risque dangereux
accident incident
blesser blessure blessé
jeter déchet poubelle élimination
ranger stocker entreposer conserver
nettoyer laver lavage
installer poser pose installation
construire construction bâtir
remplacer remplacement changer changement substituer
modifier modification changer
ajouter ajout supplémentaire
accéder accès entrer entrée
ouvrir ouvert accueillir ouverture
fermer fermeture clos
commander commande acheter
livrer livraison
publier publication paraître
signer signature signataire
déclarer déclaration signaler signalement
inscrire inscription abonnement adhésion
membre adhérent
réduire réduction baisser baisse diminuer
augmenter augmentation hausse relever
examen épreuve
cours enseignement formation
suivre assister participer
obligation devoir tenu
gratuit frais rien
taxe redevance droit cotisation
urgence urgent immédiat immédiatement aussitôt
absent absence
congé vacance
travailler travail emploi poste
employer utiliser recourir servir
empêcher éviter prévenir
provoquer causer entraîner
concerner viser porter
environ moyenne approximativement
majorité plupart
part proportion pourcentage taux
trimestre trimestriel
grossesse enceinte
domicile chez maison
âge ans
tiers autrui
propriétaire bailleur
adresser écrire courrier
oral verbal
justificatif pièce preuve attestation
excuse justification
annual year
entitle eligible right
reimburse refund repay return
cancel terminate end
extend renew extension
book reserve reservation
reside live resident
visitor guest
rule regulation
illegal unlawful
hazard danger risk
dispose discard throw bin waste
clean wash
install fit put
build building construct erect
replace replacement change swap
modify change alter amend
add extra additional
access enter entry reach
close shut
order buy purchase
deliver delivery
select choose elect
publish publication
sign signature
report notify notification tell inform
register enrol registration
member membership
reduce reduction lower cut
increase raise rise
course teaching training
compulsory mandatory required
free charge
urgent emergency immediately straight once
absent absence
holiday leave vacation
work job employment
prevent avoid stop
cause lead result
concern cover apply
average mean about
retain keep hold
withdraw withdrawal leave
consent agree agreement permission
committee board panel
review examine assess assessment
approve approval clearance permission
record log
password credential
device laptop computer
mail email message
suspicious phishing
share split
whole entire all
fast quick rapid
illness ill sick
show present display
owner landlord
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
