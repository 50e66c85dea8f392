"""What all packages with pages share; no models, no tenants."""
