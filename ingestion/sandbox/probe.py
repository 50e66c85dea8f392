"""`python -m ingestion.sandbox.probe`: print the protections that are missing here, in one line."""

import sys

from ingestion.sandbox.confinement import missing_protections
from ingestion.sandbox.namespaces import isolate
from ingestion.sandbox.protections import missing_message


def main() -> None:
    """Confine a child as the zygote does; print nothing if no protection is missing."""
    missing = missing_protections(isolate())
    if missing:
        sys.stdout.write(f"{missing_message(missing)}\n")


if __name__ == "__main__":
    main()
