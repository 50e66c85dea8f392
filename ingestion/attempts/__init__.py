"""Attempts at ingesting a document: what a worker may write, and for how long.

- ``locking``: which attempt writes, and the lock of the document's row around each write;
- ``transitions``: the changes of a document's state that a worker makes;
- ``heartbeat``: shows that the worker is alive, and learns that the attempt was cancelled.

Why attempts are numbered: docs/decisions/001-attempts.md.
"""
