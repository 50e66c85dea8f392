"""Tests of backends: the connection, and what a model can do."""
