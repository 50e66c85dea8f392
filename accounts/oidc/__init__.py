"""OpenID Connect with allauth: Keycloak, ProConnect with its signed userinfo, and others.

allauth stores the state and exchanges the code. What it does not check is verified here
(``tokens``, ``subject``). Providers are rows of allauth's SocialApp, created by ``./manage oidc``.
"""
