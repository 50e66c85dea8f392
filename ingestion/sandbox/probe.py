"""`python -m ingestion.sandbox.probe`: print the protections that are missing here, in one line."""

import sys

from ingestion.sandbox.confinement import missing_protections
from ingestion.sandbox.namespaces import isolate
from ingestion.sandbox.protections import lack


def main() -> None:
    """Confine a child as the zygote does; print nothing when all protections could be had."""
    missing = missing_protections(isolate())
    if missing:
        sys.stdout.write(f"{lack(missing)}\n")


if __name__ == "__main__":
    main()
