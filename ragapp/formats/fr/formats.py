"""A date and an hour within a French sentence: "23 décembre 2026 à 8 h 17"."""

DATETIME_FORMAT = "j F Y à G\u00a0\\h\u00a0i"
