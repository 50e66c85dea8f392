"""Requests to addresses that users of the site have written (docs/security.md)."""
