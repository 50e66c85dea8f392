"""From uploaded files to indexed chunks."""
