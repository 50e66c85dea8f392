"""The ``xmlsec1`` program, with limits on time and memory."""

import shutil
import subprocess
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from accounts.saml.errors import MetadataRefused

# A login's message is at most 512 KiB; an aggregate of 100 MiB takes 5 s and 1 GB.
_MESSAGE_LIMITS = (10, 512 << 10)
_AGGREGATE_LIMITS = (120, 4 << 20)
# SHA-1 and MD5 are refused by the program itself too.
SIGNATURE_METHODS = (
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha512",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha384",
    "http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha512",
)
DIGEST_METHODS = (
    "http://www.w3.org/2001/04/xmlenc#sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512",
)


@cache
def program() -> str:
    """The path of xmlsec1. Raises FileNotFoundError, saying what to install."""
    path = shutil.which("xmlsec1")
    if path is None:
        raise FileNotFoundError("the program xmlsec1 is missing: install the package xmlsec1")
    return path


def run(
    arguments: list[str], *, limits: tuple[int, int] = _MESSAGE_LIMITS
) -> subprocess.CompletedProcess[str]:
    """Run xmlsec1 under ``limits``: seconds of processor, KiB of address space."""
    seconds, kibibytes = limits
    # The shell sets the limits: a preexec_fn is not safe in a process with threads.
    script = f'ulimit -t {seconds}; ulimit -v {kibibytes}; exec "$@"'
    return subprocess.run(  # noqa: S603 (a fixed program; arguments are never interpreted)
        ["/bin/sh", "-c", script, "sh", program(), *arguments],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=3 * seconds,
        check=False,
        stdin=subprocess.DEVNULL,
    )


def verify_root_signature(path: Path, *, element: str, certificates: list[str]) -> None:
    """Verify the signature of a metadata file's root against any of the pinned certificates.

    ``element`` is ``namespace:Name`` of the root; ``certificates`` are PEM. Raises MetadataRefused.
    """
    with TemporaryDirectory() as folder:
        for number, certificate in enumerate(certificates):
            pinned = Path(folder) / f"{number}.pem"
            pinned.write_text(certificate)
            ended = run(
                [
                    "--verify",
                    "--enabled-reference-uris",
                    "empty,same-doc",
                    "--enabled-key-data",
                    "raw-x509-cert",
                    "--pubkey-cert-pem",
                    str(pinned),
                    "--id-attr:ID",
                    element,
                    "--node-xpath",
                    "/*/*[local-name()='Signature']",
                    str(path),
                ],
                limits=_AGGREGATE_LIMITS,
            )
            if ended.returncode == 0:
                return
    raise MetadataRefused("no pinned certificate verifies the signature")
