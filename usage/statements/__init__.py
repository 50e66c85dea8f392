"""The monthly statement of an organisation, from the lines of the ledger: a page, CSV, PDF."""
