"""The database backend of Django's setting ``ENGINE``."""
