"""Upload to indexed chunks."""
