"""Metadata: ``feeds`` saves that of IdPs, which ``aggregates`` verifies; ``own`` is ours."""
