"""The operators' pages of Django's administration; each module registers its own models."""

from accounts.admin import logins, people

__all__ = ["logins", "people"]
