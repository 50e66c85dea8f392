"""Runs: a source is listed, what has changed is fetched, what is gone is removed."""
