"""The data directory, what the operator set, generated secrets, ports."""
