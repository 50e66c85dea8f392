"""Metadata: ``feeds`` reads those of IdPs (``aggregates`` verifies them); ``own`` is ours."""
