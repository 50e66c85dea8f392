"""Forged and real identity providers, and the messages and feeds that they send."""
