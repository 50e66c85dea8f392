"""Embeddings and reranking: clients of embedding and rerank servers; preparation of the model."""
