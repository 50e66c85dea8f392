"""The sentences of a model's answer, checked against the passages that they cite."""
