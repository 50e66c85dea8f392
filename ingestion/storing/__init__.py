"""Files become stored documents: as they are, without their password, or out of an archive."""
