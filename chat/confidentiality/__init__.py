"""What may leave for a model, of documents and of questions."""
