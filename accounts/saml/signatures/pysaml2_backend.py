"""The backend by which pysaml2 calls ``xmlsec1``.

Import it only inside functions, as all of pysaml2, which takes a second to load its schemas.
"""

import subprocess
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

from saml2.sigver import CryptoBackendXmlSec1, XmlsecError  # noqa: TID253 (imported lazily itself)

from accounts.saml.signatures.xmlsec import program, run


class LimitedXmlsec(CryptoBackendXmlSec1):
    """pysaml2's backend with limits, for one message.

    ``received`` is the message as received; ``read`` is the one to read values from, which is
    decrypted if it was encrypted. pysaml2 rewrites messages; here only ``received`` and ``read``
    are decrypted or verified, so that signatures are verified over the same octets that are read.
    ``verified`` holds the ``(element name, ID)`` of all verified signatures; ``response`` accepts
    no others.
    """

    def __init__(self, received: bytes) -> None:
        super().__init__(program())
        self.received = self.read = received
        self.verified: set[tuple[str, str]] = set()

    @property
    def version_nums(self) -> tuple[int, ...]:
        return _version()

    def decrypt(self, enctext: Any, key_file: str) -> str:
        """Decrypt the message as received, not as rewritten by pysaml2; at most once."""
        if self.read is not self.received:
            raise XmlsecError("encrypted twice")
        text = str(super().decrypt(self.received, key_file))
        self.read = text.encode()
        return text

    def validate_signature(
        self, signedtext: Any, cert_file: str, cert_type: str, node_name: str, node_id: str
    ) -> bool:
        octets = signedtext if isinstance(signedtext, bytes) else signedtext.encode()
        if octets not in (self.received, self.read):
            raise XmlsecError("a text that is not the message")
        good: bool = super().validate_signature(octets, cert_file, cert_type, node_name, node_id)
        if good:
            self.verified.add((node_name, node_id))
        return bool(good)

    def _run_xmlsec(self, com_list: list[str], extra_args: list[str]) -> tuple[str, str, bytes]:
        with NamedTemporaryFile(suffix=".xml") as output:
            lax = ["--lax-key-search"] if self.version_nums >= (1, 3) else []
            arguments = [*com_list[1:], "--output", output.name, *lax, *extra_args]
            try:
                ended = run(arguments)
            except subprocess.TimeoutExpired as error:
                raise XmlsecError("xmlsec1 took too long") from error
            if ended.returncode != 0:
                raise XmlsecError(f"xmlsec1 ended with {ended.returncode}")
            return ended.stdout, ended.stderr, Path(output.name).read_bytes()


@cache
def _version() -> tuple[int, ...]:
    words = run(["--version"]).stdout.split()
    return tuple(int(part) for part in words[1].split(".")) if len(words) > 1 else (0, 0, 0)
