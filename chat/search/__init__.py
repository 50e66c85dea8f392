"""Passages without an answer: the page *Search*, like a search engine."""
