"""Authentication: passwords, SAML, OpenID Connect, second factors; the life of accounts."""
