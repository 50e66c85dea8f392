"""Pages for members and administrators: home, requests, settings of an instance, consoles."""
