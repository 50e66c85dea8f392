"""The entry point of ``./run``, ``./manage`` and ``./test`` (by way of ``start.sh``).

Started by path, with whatever Python there is: ``ragapp`` itself imports Celery, which set-up has
yet to install, so a bare package of that name stands in for it in this process.
"""

import signal
import sys
import types
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def main() -> int:
    """Run the command named first on the command line; return its exit code."""
    sys.path[0] = str(_PACKAGE.parent)
    bare = types.ModuleType("ragapp")
    bare.__path__ = [str(_PACKAGE)]
    sys.modules["ragapp"] = bare

    from ragapp.launcher.errors import LauncherError
    from ragapp.launcher.manage import manage
    from ragapp.launcher.progress import complain
    from ragapp.launcher.run import run
    from ragapp.launcher.test import test

    # As Ctrl-C: what is under way is cleaned up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    command = {"run": run, "manage": manage, "test": test}[sys.argv[1]]
    try:
        return command(sys.argv[2:])
    except LauncherError as error:
        complain(str(error))
        return 1
    except KeyboardInterrupt:
        complain("Interrupted.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
