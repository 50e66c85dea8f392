"""Set-up and supervision for ``./run``, ``./manage`` and ``./test``: the standard library only.

The launcher starts before any package is installed, so nothing here imports Django or a dependency.
Read it in this order: ``cli`` (the three commands), ``setup`` (what is missing is installed),
``services`` (PostgreSQL and Valkey), ``programs`` (our own processes), ``supervisor`` (all of them
started, watched, restarted, stopped).
"""
