"""Builds another index of an instance while the present one answers, and lets it take its place.

- ``starting``: what people do: start, cancel, return to the index before.
- ``claims``: which index a worker builds; its writes are numbered, as attempts at documents are.
- ``building``: document after document: cut, embed, publish in the new index.
- ``documents``: which documents it lacks, and how they are read again.
- ``switching``: the instant at which the new index answers; deletion of old ones.
- ``progress``, ``estimates``: what pages show.

``ingestion.indexing.generations`` says which index answers (docs/decisions/053-reindexing.md).
"""
