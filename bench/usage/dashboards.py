"""Time of dashboards over many generated usage records; print JSON.

    python -m bench.usage.dashboards [--records 10000000] [--runs 30] [--keep]

It needs DATABASE_URL and DATABASE_OWNER_URL of a server where the owner may create databases, as
``bench.scale`` does; it makes one of its own, and drops it. The records are of two years, 20
organisations, 600 instances of very different sizes and 20,000 people. ``sums_s`` is the time in
which the sums of the largest organisation's instances are computed, and the cells of that
organisation and of the site for this year; for each page: milliseconds of a whole request, and of
processor time in it (p50, p95). With ``--keep`` the database stays, and the next run with it
measures the pages at once.
"""

import argparse
import os

import django


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=10_000_000)
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")
    django.setup()
    # Models can be imported from here on.
    from bench.usage.dashboard_times import measure_dashboards

    measure_dashboards(options.records, options.runs, keep=options.keep)


if __name__ == "__main__":
    main()
