"""Reads untrusted files in a child process that can do little and lasts little.

    caller ──request──▶ zygote (parsers imported once) ──fork──▶ child (limits set, one file)
       ▲                                                            │
       └──────────────────── result, bounded JSON ◀─────────────────┘

`parse_in_child` is the whole interface. The zygote is a plain subprocess, so it works inside
Celery's daemonic workers; it starts with the first file, ends after a minute of rest, and dies with
its caller.
"""

from ingestion.parsing.limits import ParseLimits
from ingestion.sandbox.client import ParsedFile, parse_in_child

__all__ = ["ParseLimits", "ParsedFile", "parse_in_child"]
