"""The tenant: organisations, instances, memberships, row security."""
