"""Runs of golden questions: starting, asking, scoring, figures, schedule."""
