"""Authentication (passwords, SAML, OpenID Connect, second factors) and management of accounts."""
