"""The SAML 2.0 service provider.

    discovery → login (SamlRequest) → the IdP → acs (SamlPost) → finish → session

| module | what it does |
|---|---|
| ``views``, ``urls`` | the pages: discovery, login, single logout, our metadata |
| ``failure_pages``, ``errors`` | errors, and the page of each code |
| ``discovery``, ``cookies`` | the institutions that are offered; cookies of a login |
| ``allauth_provider`` | allauth's provider: turns an ``AuthenticatedSubject`` into a login |
| ``verified_claims`` | the claims of a login, for access rules |
| ``messages`` | AuthnRequest, Response and its assertion, logout, the HTTP-Redirect binding |
| ``metadata`` | feeds of thousands of IdPs, verified and saved; our own metadata |
| ``signatures`` | signatures of XML messages, query strings and large files |
| ``client`` | pysaml2 for one IdP, loaded before the first login |
| ``service_provider``, ``keys``, ``setup_check`` | this site; what is missing in its set-up |
| ``xml`` | hardened parsing |
"""
