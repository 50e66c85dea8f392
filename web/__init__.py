"""What every package with web pages needs; no models, no tenants."""
