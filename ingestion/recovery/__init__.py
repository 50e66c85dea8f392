"""Clean-up after killed processes: files without a document, documents without a worker."""
