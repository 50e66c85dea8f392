"""Recordings of sound and of films, decoded in the confined child by FFmpeg's libraries (PyAV)."""
