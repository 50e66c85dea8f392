"""Time of dashboards over many generated usage records; print JSON.

    python -m bench.usage.dashboards [--records 10000000] [--days 730] [--runs 30]
        [--data-dir DIR]

It starts a PostgreSQL of its own, in a temporary directory; that of ``DIR`` remains, and the next
run begins with its records and sums. Like that of the tests, it flushes nothing to disk. The
records are of the last ``--days``, 20 organisations, 600 instances of very different sizes and
20,000 people; PostgreSQL writes them itself, and all sums of all months are computed by the
product's own functions. ``records_s`` and ``sums_s`` are the seconds of both. A record is then
added to each instance, and the two tasks that sum it up are timed, twice; for each page:
milliseconds of a whole request, and of processor time in it (p50, p95).
"""

import argparse
import os
import tempfile
from pathlib import Path

import django

from launcher.configuration.credentials import load_credentials
from launcher.configuration.data_dir import open_data_dir
from launcher.services.embedded import running_services, service_environment


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=10_000_000)
    parser.add_argument("--days", type=int, default=730)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--data-dir", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="ragapp-bench-") as temporary:
        # The account of the database must be able to pass through.
        Path(temporary).chmod(0o711)
        data = open_data_dir(options.data_dir or Path(temporary) / "var")
        credentials = load_credentials(data)
        os.environ |= service_environment(data, credentials)
        os.environ |= {"DATA_DIR": str(data.root), "SECRET_KEY": credentials.secret_key}
        os.environ["DJANGO_SETTINGS_MODULE"] = "ragapp.settings"
        with running_services(data, credentials, for_tests=True):
            django.setup()
            # Models can be imported from here on.
            from bench.usage.dashboard_times import measure_dashboards

            measure_dashboards(options.records, options.days, options.runs)


if __name__ == "__main__":
    main()
