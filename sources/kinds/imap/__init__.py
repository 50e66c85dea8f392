"""Mail of a folder of an IMAP server (RFC 3501)."""
