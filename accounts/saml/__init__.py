"""The SAML 2.0 service provider.

    discovery → login (SamlRequest) → the IdP → acs (SamlPost) → finish → session

| module | what it does |
|---|---|
| ``errors``, ``failures`` | what can go wrong; each code has its own page |
| ``discovery``, ``places``, ``cookies`` | institutions on offer; what a browser keeps |
| ``requests`` | a login under way: state that only this side keeps |
| ``xml``, ``shape`` | hardened parsing; the one shape of a response that we read |
| ``xmlsec`` | the ``xmlsec1`` program, with limits |
| ``responses`` | the strict wrapper over pysaml2: XML in, ``AuthenticatedSubject`` out |
| ``attributes``, ``identifiers`` | what an IdP says of a person, and how much of it counts |
| ``proof`` | what is kept of a login, for access rules to judge |
| ``signatures``, ``signed_files`` | signatures over octets, and over files too large for memory |
| ``metadata``, ``feeds`` | signed aggregates of thousands of IdPs, streamed into the table |
| ``redirect_binding``, ``logout`` | single logout, both ways |
| ``keys``, ``our_metadata``, ``setup_check`` | ourselves, and what an operator still has to do |
| ``service_provider``, ``start`` | the pysaml2 client for one IdP, loaded before the first login |
"""
