"""The subject of a question: one of a hundred Dewey divisions, from the embedding of its search.

    divisions.py      numbers, descriptions and example questions, in French and English
    training.py       from the embeddings of the examples to a classifier
    classifier.py     from the embedding of a question to its ``Subject``
    preparation.py    the classifier of the embedding model in use: ``classify_question``

No model is called to classify a question, and neither its text nor its embedding is kept. Method:
docs/measurement.md; accuracy: docs/benchmarks.md.
"""
