"""Read untrusted files in a confined child process with limits on memory and time.

    caller ──descriptors──▶ zygote (parsers imported once) ──fork──▶ child (confined, one file)
       ▲                                                               │
       └──────────────────────── result, bounded ◀─────────────────────┘

`parse_in_child` parses a file, `recognise_in_child` reads a page of it by OCR, `run_in_child` draws
one, places its words, opens a file with its password, unpacks members of an archive, or decodes a
part of a recording. The zygote
is a plain subprocess with an empty environment, so that it can be started by Celery's daemonic
workers. It starts with the first file, ends after a minute without one, and is killed when its
caller ends. It never reads the files or requests that it passes on. A child can only use memory and
processor time, read its file and write its result (`confinement`): docs/decisions/017-sandbox.md.
"""

from ingestion.parsing.limits import ParseLimits
from ingestion.sandbox.client import (
    SCANS,
    close_zygotes,
    parse_in_child,
    recognise_in_child,
    run_in_child,
)
from ingestion.sandbox.page_wire import load_picture, load_sound, load_words
from ingestion.sandbox.start import missing_protections_message
from ingestion.sandbox.wire import (
    ParsedFile,
    PictureRequest,
    SoundRequest,
    UnlockRequest,
    UnpackRequest,
    WordsRequest,
    load_batch,
    load_unlocked,
)

__all__ = [
    "SCANS",
    "ParseLimits",
    "ParsedFile",
    "PictureRequest",
    "SoundRequest",
    "UnlockRequest",
    "UnpackRequest",
    "WordsRequest",
    "close_zygotes",
    "load_batch",
    "load_picture",
    "load_sound",
    "load_unlocked",
    "load_words",
    "missing_protections_message",
    "parse_in_child",
    "recognise_in_child",
    "run_in_child",
]
