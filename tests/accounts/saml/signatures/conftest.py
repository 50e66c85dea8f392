"""Sign files with xmlsec1, and verify them with our code and with xmlsec1."""

import subprocess

import pytest

from accounts.saml.signatures.files import verify_file
from tests.accounts.saml.signatures.signed_files import MD, keys_of


@pytest.fixture
def xmlsec(tmp_path, all_keys):
    """``xmlsec.sign(xml)`` and ``xmlsec.accepts(xml)``, by the federation's key."""

    class Xmlsec:
        def run(self, action, xml, *arguments):
            source = tmp_path / "source.xml"
            source.write_bytes(xml)
            names = ("EntitiesDescriptor", "EntityDescriptor")
            ids = [f"--id-attr:ID={MD}:{name}" for name in names]
            ids = [part for each in ids for part in each.split("=", 1)]
            return subprocess.run(
                ["xmlsec1", action, *arguments, *ids,
                 "--node-xpath", "/*/*[local-name()='Signature']", str(source)],
                capture_output=True, check=False,
            )  # fmt: skip

        def sign(self, xml, *key):
            key = key or ("--privkey-pem", str(all_keys["federation"].key))
            ended = self.run("--sign", xml, *key)
            assert ended.returncode == 0, ended.stderr
            return ended.stdout

        def accepts(self, xml):
            certificate = str(all_keys["federation"].certificate)
            return self.run("--verify", xml, "--pubkey-cert-pem", certificate).returncode == 0

    return Xmlsec()


@pytest.fixture
def check(tmp_path, all_keys):
    """``check(xml)``: verify a file, return what is signed. Raises MetadataRefused."""

    def verified(xml, keys=None):
        path, canonical = tmp_path / "file.xml", tmp_path / "canonical.xml"
        path.write_bytes(xml)
        verify_file(path, canonical, keys or keys_of(all_keys["federation"]))
        return canonical.read_bytes()

    return verified
