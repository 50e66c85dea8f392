"""Units of measure with their dimension and their size, so that "2 jours" equals "48 heures"."""

from collections.abc import Mapping

# A dimension has one base unit; days and months have no common one.
MINUTES, MONTHS, PERCENT, ORDINAL = "minutes", "months", "percent", "ordinal"
TIMES = "times"

_NAMES: Mapping[tuple[str, float], str] = {
    (PERCENT, 0.01): "% percent pourcent",
    ("euro", 1): "€ euro euros eur",
    ("euro", 0.01): "centime centimes",
    ("pound sterling", 1): "£ pound pounds gbp livres",
    ("pound sterling", 0.01): "pence",
    ("dollar", 1): "$ dollar dollars usd",
    (MINUTES, 1): "min minute minutes",
    (MINUTES, 60): "h heure heures hour hours",
    (MINUTES, 1440): "jour jours journee journees day days",
    (MINUTES, 10080): "semaine semaines week weeks",
    (MONTHS, 1): "mois month months",
    (MONTHS, 3): "trimestre trimestres",
    (MONTHS, 6): "semestre semestres semester semesters",
    (MONTHS, 12): "an ans annee annees year years",
    ("metre", 0.001): "mm millimetre millimetres millimeters",
    ("metre", 0.01): "cm centimetre centimetres centimeters",
    ("metre", 1): "m metre metres meter meters",
    ("metre", 1000): "km kilometre kilometres kilometer kilometers",
    ("metre", 1609.344): "mile miles",
    ("metre", 0.3048): "foot feet ft",
    ("litre", 1): "l litre litres liter liters",
    ("litre", 0.01): "cl centilitre centilitres",
    ("litre", 0.001): "ml millilitre millilitres",
    ("gram", 1): "g gramme grammes gram grams",
    ("gram", 1000): "kg kilo kilos kilogramme kilogrammes kilogram kilograms",
    ("gram", 0.001): "mg milligramme milligrammes milligrams",
    ("gram", 10**6): "tonne tonnes tons",
    ("hectare", 1): "ha hectare hectares",
    ("watt-hour", 1000): "kwh",
    ("watt", 1): "w watt watts",
    ("watt", 1000): "kw kilowatt kilowatts",
    ("degree", 1): "° degre degres degree degrees",
    ("horsepower", 1): "cv chevaux",
    ("byte", 10**6): "mo mb",
    ("byte", 10**9): "go gb",
    (TIMES, 1): "fois times",
}
# "Twice a month", "deux fois par an".
PER = frozenset({"par", "chaque", "per", "a", "an", "each", "every"})
PERIODS: Mapping[str, str] = {
    word: name
    for name, words in (
        ("day", "jour day"),
        ("week", "semaine week"),
        ("month", "mois month"),
        ("term", "trimestre term"),
        ("semester", "semestre semester"),
        ("year", "an annee year"),
    )
    for word in words.split()
}
UNITS: Mapping[str, tuple[str, float]] = {
    name: unit for unit, names in _NAMES.items() for name in names.split()
}
SQUARE = frozenset({"square", "carre", "carres", "sq"})
CUBIC = frozenset({"cubic", "cube", "cubes"})
CURRENCY_SIGNS = "€£$"
