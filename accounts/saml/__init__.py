"""The SAML 2.0 service provider.

    discovery → login (SamlRequest) → the IdP → acs (SamlPost) → finish → session

| module | what it does |
|---|---|
| ``views``, ``urls`` | the pages: discovery, login, single logout, our metadata |
| ``failure_pages``, ``errors`` | what can go wrong; each code has its own page |
| ``discovery``, ``cookies`` | institutions on offer; what a browser keeps |
| ``provider`` | allauth's provider: an ``AuthenticatedSubject`` becomes a login |
| ``verified_claims`` | what a login proves, for access rules to evaluate |
| ``messages`` | AuthnRequest, Response and its assertion, logout, the HTTP-Redirect binding |
| ``metadata`` | feeds of thousands of IdPs, verified and read into the table; our own metadata |
| ``signatures`` | XML signatures: of messages, of query strings, of files larger than memory |
| ``client`` | pysaml2 for one IdP, loaded before the first login |
| ``service_provider``, ``keys``, ``setup_check`` | this site; what an operator still has to do |
| ``xml`` | hardened parsing |
"""
