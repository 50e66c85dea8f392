"""Reads untrusted files in a child process that can do little and lasts little.

    caller ──request──▶ zygote (parsers imported once) ──fork──▶ child (limits set, one file)
       ▲                                                            │
       └──────────────────── result, bounded JSON ◀─────────────────┘

`parse_in_child` is the interface. The zygote is a plain subprocess, so it works inside
Celery's daemonic workers; it starts with the first file, ends after a minute of rest, and dies with
its caller.
"""

from ingestion.parsing.limits import ParseLimits
from ingestion.sandbox.client import close_zygote, parse_in_child
from ingestion.sandbox.wire import ParsedFile

__all__ = ["ParseLimits", "ParsedFile", "close_zygote", "parse_in_child"]
