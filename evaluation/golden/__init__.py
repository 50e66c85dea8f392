"""Golden questions: typed, imported, kept from an answer."""
