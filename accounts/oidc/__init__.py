"""OpenID Connect over allauth: any Keycloak, ProConnect with its signed userinfo.

allauth keeps the state and exchanges the code; what it leaves unchecked is verified here
(``tokens``, ``answers``). Providers are rows of allauth's SocialApp, made by ``./manage oidc``.
"""
