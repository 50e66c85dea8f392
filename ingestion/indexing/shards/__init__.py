"""The approximate index of a large instance, in shards that are built apart and never changed.

``quantisation`` is the arithmetic, ``building`` makes shards, ``retrieval.candidates`` reads them.
Decision and measurements: docs/decisions/043-large-instances.md.
"""
