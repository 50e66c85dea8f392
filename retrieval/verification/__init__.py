"""Whether the passages that a sentence cites say what it says."""
