"""The SAML 2.0 service provider.

    discovery → login (SamlRequest) → the IdP → acs (SamlPost) → finish → session

| module | what it does |
|---|---|
| ``errors`` | what can go wrong; each code has its own page |
| ``xml``, ``shape`` | hardened parsing; the one shape of a response that we read |
| ``xmlsec`` | the ``xmlsec1`` program, with limits |
| ``responses`` | the strict wrapper over pysaml2: XML in, ``AuthenticatedSubject`` out |
| ``attributes``, ``identifiers`` | what an IdP says of a person, and how much of it counts |
| ``metadata`` | signed aggregates of thousands of IdPs, streamed |
"""
