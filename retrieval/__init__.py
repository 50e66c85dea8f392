"""Question to ranked chunks."""
