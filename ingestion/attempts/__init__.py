"""Attempts at ingesting a document: what a worker may write, and for how long.

- ``locking``: the number of an attempt, and the lock around each of its writes;
- ``transitions``: the changes of a document's status that a worker makes;
- ``costs``: the usage record of an attempt, and ``document_trace`` its trace;
- ``heartbeat``: records that the worker is alive, and detects that the attempt was cancelled.

Why attempts are numbered: docs/decisions/001-attempts.md.
"""
