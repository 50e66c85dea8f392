"""The messages of the protocol.

| module | what it does |
|---|---|
| ``authn_request`` | logins in progress: the request sent, and the response expected |
| ``response`` | the strict wrapper over pysaml2: XML in, ``AuthenticatedSubject`` out |
| ``response_structure`` | the only accepted structure of a response |
| ``assertion``, ``attributes`` | the rules of an assertion; the attributes that are read |
| ``logout``, ``redirect_binding`` | single logout, by signed query strings |
| ``times`` | instants and windows, within the clock skew |
"""
