"""Requests to language models: typed messages in, typed events out, any OpenAI-compatible URL.

All requests go through `client.stream_chat`; `backend.ChatBackend` describes the server, `events`
the answer, and `inference.errors` the failures.
"""
