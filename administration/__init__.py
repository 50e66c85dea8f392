"""Self-service pages and consoles: home, requests, settings, members, life cycle, operators."""
