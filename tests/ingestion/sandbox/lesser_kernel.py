"""Run a command as on an older kernel: without Landlock and without new namespaces.

python -m tests.ingestion.sandbox.lesser_kernel COMMAND…
"""

import ctypes
import os
import platform
import struct
import sys

from ingestion.sandbox import kernel, seccomp

_CREATE_RULESET, _UNSHARE = 444, {"x86_64": 272, "aarch64": 97}[platform.machine()]


def main() -> None:
    """Refuse the system calls, then become the command."""
    program = [(seccomp._LOAD, 0, 0, seccomp._NUMBER_AT)]
    for number in (_CREATE_RULESET, _UNSHARE):
        program += [(seccomp._EQUAL, 0, 1, number), (seccomp._RETURN, 0, 0, seccomp._EPERM)]
    program += [(seccomp._RETURN, 0, 0, seccomp._ALLOW)]
    code = b"".join(struct.pack("=HBBI", *instruction) for instruction in program)
    rules = seccomp._Program(len(program), code)
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)
    kernel.prctl(kernel.PR_SET_SECCOMP, seccomp._MODE_FILTER, ctypes.byref(rules))
    os.execvp(sys.argv[1], sys.argv[1:])  # noqa: S606 (no shell wanted)


if __name__ == "__main__":
    main()
