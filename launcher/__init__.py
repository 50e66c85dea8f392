"""Set-up and supervision for ``./run``, ``./manage`` and ``./test``: the standard library only.

The launcher starts before any package is installed, so nothing here imports Django or a dependency.
``run``, ``manage`` and ``test`` are the three commands. They stand on these packages, each of which
imports only from those below it:

    application      the project's own processes, their environment, the database's schema
    installation     packages, browser libraries, translations, model, static files
    services         the embedded PostgreSQL and Valkey
    processes        supervision: accounts, processes, restarts, logs
    configuration    the data directory, the operator's settings, secrets, ports
"""
