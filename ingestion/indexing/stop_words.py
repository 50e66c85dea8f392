"""French and English stop words, without accents.

The lists of the Snowball project (BSD-3-Clause, https://snowballstem.org), plus interrogative words
("combien", "quelle"), which answers rarely contain. Words that have a meaning in the other language
once accents are removed ("these": thèse, "but": goal, "car": car) are not in the list; where they
have no meaning they are frequent, so their idf is low.
"""

_FRENCH = """
a ai aie aient aies ait as au aura aurai auraient aurais aurait auras aurez auriez aurions aurons
auront aux avaient avais avait avec avez aviez avions avons ayant ayante ayantes ayants ayez ayons
c ce ces d dans de des du elle en es est et etaient etais etait etant etante etantes etants etee
etees etes etiez etions eu eue eues eumes eurent eus eusse eussent eusses eussiez eussions eut
eutes eux fumes furent fus fusse fussent fusses fussiez fussions fut futes il ils j je l la le les
leur leurs lui m ma mais me meme mes moi mon n ne nos notre nous on ont ou par pas pour qu que qui
s sa se serai seraient serais serait seras serez seriez serions serons seront ses soient sois soit
sommes sont soyez soyons suis sur t ta te tes toi tu un une vos votre vous y ainsi alors aussi
autre autres avoir celle celles celui cet cette ceux chez comme comment combien dont entre etre
faire fait lors ni or peut plus pourquoi quand quel quelle quelles quels quoi sans si sous tous
tout toute toutes tres vers
"""

_ENGLISH = """
a about above after again against all am an and any are as at be because been before being below
between both by can did do does doing don down during each few for from further had has have having
he her here hers herself him himself his how i if in into is it its itself just me more most my
myself no nor not now of off on once only or other our ours ourselves out over own s same she
should so some such t than that the their theirs them themselves then there they this those through
to too under until up very was we were what when where which while who whom why will with you your
yours yourself yourselves
"""

STOP_WORDS = frozenset((_FRENCH + _ENGLISH).split())
