"""Kinds and dates of documents in a question, as filters of its search."""
