"""The entry point of ``./run``, ``./manage`` and ``./test`` (by way of ``start.sh``).

Started by path, with whatever Python there is and before any package is installed: nothing here
imports Django or another package of the project.
"""

import signal
import sys
from pathlib import Path

_PROJECT = Path(__file__).resolve().parents[1]


def main() -> int:
    """Run the command named first on the command line; return its exit code."""
    sys.path[0] = str(_PROJECT)

    from launcher.errors import LauncherError
    from launcher.manage import manage
    from launcher.progress import report_error
    from launcher.run import run
    from launcher.test import test

    # The same as Ctrl-C, so that what is running is cleaned up.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    command = {"run": run, "manage": manage, "test": test}[sys.argv[1]]
    try:
        return command(sys.argv[2:])
    except LauncherError as error:
        report_error(str(error))
        return 1
    except KeyboardInterrupt:
        report_error("Interrupted.")
        return 130


if __name__ == "__main__":
    sys.exit(main())
