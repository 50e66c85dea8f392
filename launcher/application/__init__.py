"""The project's own processes: their environment, their commands, the database's schema."""
