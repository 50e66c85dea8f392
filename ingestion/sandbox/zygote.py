"""The process that has imported the parsers and forks a child for each file.

`python -m ingestion.sandbox.zygote FD LOADED`: FD is a Unix stream socket (`running`), to which the
zygote first writes a line with the protections that are missing here; LOADED is JSON, the
`tokenizer.json` used to count the tokens of passages and the languages of OCR. The answer to a
request is one line of JSON. End of file on the socket ends the zygote and its child.
"""

import gc
import os
import resource
import select
import signal
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from ingestion.sandbox import kernel
from ingestion.sandbox.confinement import missing_protections
from ingestion.sandbox.namespaces import Isolation, isolate
from ingestion.sandbox.protections import Protection
from ingestion.sandbox.start import DESCRIPTORS, REQUEST

if TYPE_CHECKING:
    from ingestion.chunking.tokens import TokenCounter
    from ingestion.sandbox.job import Descriptors

IDLE_SECONDS = 60


def main() -> None:
    """Serve requests until the caller closes the socket or no request came for IDLE_SECONDS."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    control = socket.socket(fileno=int(sys.argv[1]))
    # Before everything else: it forks, and needs a process with one thread.
    isolation = isolate(control.fileno())
    missing = missing_protections(isolation)
    kernel.prctl(kernel.PR_SET_DUMPABLE, 0)
    counter = _load(**orjson.loads(sys.argv[2]))
    gc.collect()
    gc.freeze()
    control.sendall(orjson.dumps(sorted(missing)) + b"\n")
    _serve(control, counter, isolation, missing)


def _load(tokenizer: str | None, ocr: dict[str, Any] | None) -> "TokenCounter":
    """Load everything that children need, since they cannot open files."""
    from ingestion.chunking.tokens import TokenCounter
    from ingestion.parsing.ocr import engine
    from ingestion.parsing.ocr.data import OcrData
    from ingestion.sandbox.preload import preload

    preload()
    if ocr:
        engine.load(OcrData(Path(ocr["folder"]), tuple(ocr["languages"])))
    return TokenCounter(Path(tokenizer) if tokenizer else None)


def _serve(
    control: socket.socket,
    counter: "TokenCounter",
    isolation: Isolation,
    missing: frozenset[Protection],
) -> None:
    from ingestion.sandbox import job

    own_bytes = resident_bytes()
    zygote_pid = os.getpid()
    while select.select([control], [], [], IDLE_SECONDS)[0]:
        message, descriptors, _, _ = socket.recv_fds(control, len(REQUEST), DESCRIPTORS)
        if message != REQUEST or len(descriptors) != DESCRIPTORS:
            return
        passed = job.Descriptors(*descriptors)
        pid = os.fork()
        if pid == 0:
            control.close()
            job.run(passed, counter, isolation, known_missing=missing, zygote_pid=zygote_pid)
        _close(passed)
        _report_end(control, pid, own_bytes)


def _close(passed: "Descriptors") -> None:
    for descriptor in (passed.file, passed.request, passed.result):
        os.close(descriptor)


def _report_end(control: socket.socket, pid: int, own_bytes: int) -> None:
    """Report to the caller how the child ended; exit, with the child, if the caller is gone."""
    child = os.pidfd_open(pid)
    ready, _, _ = select.select([control.fileno(), child], [], [])
    os.close(child)
    if control.fileno() in ready:
        sys.exit(0)  # the caller ended or cancelled; the kernel kills the child with this process
    _, status, usage = os.wait4(pid, 0)
    answer = {
        "exit_code": os.waitstatus_to_exitcode(status),
        "memory_bytes": max(0, usage.ru_maxrss * 1024 - own_bytes),
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
    }
    control.sendall(orjson.dumps(answer) + b"\n")


def resident_bytes() -> int:
    """Return the resident memory of this process, which its forks share."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


if __name__ == "__main__":
    main()
