"""The seam to a language model: typed messages in, typed events out, any OpenAI-compatible URL.

`client.stream_chat` is the one way to a model; `backend.ChatBackend` says which and how,
`events` says what comes back, `inference.errors` says what may go wrong.
"""
