"""Signatures: each module verifies one kind, with the algorithms of ``algorithms`` only.

| module | what is signed | verified by |
|---|---|---|
| ``pysaml2_backend`` | a response or its assertion | pysaml2 and ``xmlsec`` |
| ``octets`` | a query string | cryptography |
| ``files`` | a metadata file larger than memory | ``octets``, streaming |
"""
