"""Passages that say the same, or nearly the same with other facts."""
