"""Answers that nothing was found: of the product, and of a model."""
