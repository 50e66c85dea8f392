"""Backends as their operators see them: what is tested, what fails, what to do."""
