"""Words of documents in answers: extracts, quotes, and their places."""
