"""What each answer cost."""
