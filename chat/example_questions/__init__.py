"""Example questions, made of what documents say."""
