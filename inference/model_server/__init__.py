"""The model server: embeddings and reranking in one process, OpenAI-compatible over HTTP.

    request (app, schemas) → tokens, limits (service) → queue, batches (batching)
        → vectors or scores (encoders, reranker) → response

It is a process of its own, `python -m inference.model_server`, and knows nothing of Django: one
copy of the model in memory, a question overtakes queued passages, and any other server with the
same API (TEI, vLLM, OpenGateLLM) replaces it by one URL.
"""
