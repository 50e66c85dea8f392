"""The protocol's messages.

| module | what it does |
|---|---|
| ``authn_request`` | logins in progress: the request that is sent, the response that is awaited |
| ``response`` | the strict wrapper over pysaml2: XML in, ``AuthenticatedSubject`` out |
| ``response_structure`` | the only structure of a response that is accepted |
| ``assertion``, ``attributes`` | the rules of an assertion, and the attributes that are read |
| ``logout``, ``redirect_binding`` | single logout, by signed query strings |
| ``times`` | instants and windows, within the clock skew |
"""
