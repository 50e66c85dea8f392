"""Backups: the database and the stored files, restored and verified (decision 62)."""
