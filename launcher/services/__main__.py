"""PostgreSQL and Valkey for development.

    python -m launcher.services --data-dir /tmp/x

prints the environment of the application as shell exports, then serves until Ctrl-C.
"""

import argparse
import shlex
import signal
import sys
from pathlib import Path

from launcher.configuration.credentials import load_credentials
from launcher.configuration.data_dir import locked, open_data_dir
from launcher.configuration.inherited import BACKUP_URL
from launcher.services.embedded import running_services, service_environment, superuser_url


def main() -> None:
    """Serve in the foreground until SIGINT or SIGTERM."""
    parser = argparse.ArgumentParser(description="PostgreSQL and Valkey for development.")
    parser.add_argument("--data-dir", type=Path, required=True)
    data = open_data_dir(parser.parse_args().data_dir)
    credentials = load_credentials(data)
    environment = {"DATA_DIR": str(data.root), "SECRET_KEY": credentials.secret_key}
    environment |= service_environment(data, credentials)
    environment[BACKUP_URL] = superuser_url(data, credentials)
    with locked(data, "run"), running_services(data, credentials, for_tests=True):
        for name, value in environment.items():
            print(f"export {name}={shlex.quote(value)}")
        sys.stdout.flush()
        stop = {signal.SIGINT, signal.SIGTERM}
        signal.pthread_sigmask(signal.SIG_BLOCK, stop)
        signal.sigwait(stop)


if __name__ == "__main__":
    main()
