"""Reads untrusted files in a child process that can do little and lasts little.

    caller ──descriptors──▶ zygote (parsers imported once) ──fork──▶ child (confined, one file)
       ▲                                                               │
       └───────────────────── result, bounded JSON ◀───────────────────┘

`parse_in_child` is the interface. The zygote is a plain subprocess with an empty environment: it
works inside Celery's daemonic workers; it starts with the first file, ends after a minute of rest,
and dies with its caller. It reads nothing of what it hands to a child, which keeps memory, time,
the file and the pipe for its result (`confinement`): docs/decisions/017-sandbox.md.
"""

from ingestion.parsing.limits import ParseLimits
from ingestion.sandbox.client import close_zygote, parse_in_child
from ingestion.sandbox.start import lacking
from ingestion.sandbox.wire import ParsedFile

__all__ = ["ParseLimits", "ParsedFile", "close_zygote", "lacking", "parse_in_child"]
