"""Embeddings and reranking: the client of any such server, and the model made at set-up."""
