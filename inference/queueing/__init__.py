"""The fair queue at each backend of language models, shared by all web processes (decision 028)."""
