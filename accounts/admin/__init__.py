"""Pages for operators in /admin/; each module registers its models."""

from accounts.admin import logins, people

__all__ = ["logins", "people"]
