"""Recordings: what is said in them, as WebVTT, between their upload and their passages.

    recording → part decoded (confined child) → part transcribed (a server) → … → WebVTT → passages

- ``transcribing``: transcribes part after part, for the time of a turn;
- ``parts``: their rows, each written when its part is transcribed, so that a dead worker loses one;
- ``transcript``: the whole text with its times, its warnings, its captions;
- ``playing``: the player of the document's page and of citations.

Why so: docs/decisions/054-recordings.md.
"""
