"""Real SimpleSAMLphp of Debian, each with its own folder and address, served by PHP's server."""

import os
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from accounts.saml.service_provider import ServiceProvider
from tests.accounts.saml.idps.forger import Keys, make_keys

WWW = Path("/usr/share/simplesamlphp/www")
PHP = shutil.which("php")
MISSING = PHP is None or not WWW.exists()
PACKAGES = "simplesamlphp mini-httpd php-cgi php-cli php-curl php-mbstring php-sqlite3 php-xml"
_START_SECONDS = 30


@dataclass
class SimpleSamlPhp:
    """An IdP at ``address``, whose people are ``people``: name → attributes; secret "secret"."""

    folder: Path
    address: str
    entity_id: str
    scope: str
    name: str
    sp: ServiceProvider
    people: dict[str, dict[str, list[str]]]
    encrypt_for: Keys | None = None
    process: subprocess.Popen[bytes] | None = field(default=None)

    @property
    def base_url(self) -> str:
        return f"http://{self.address}/"

    def start(self) -> None:
        """Write its configuration and serve, until it answers."""
        for name in ("metadata", "cert", "log", "tmp", "data"):
            (self.folder / name).mkdir(parents=True)
        make_keys(self.folder / "cert", "server")
        files = {
            "config.php": self._config(),
            "authsources.php": self._people(),
            "metadata/saml20-idp-hosted.php": self._hosted(),
            "metadata/saml20-sp-remote.php": self._remote(),
        }
        for name, content in files.items():
            (self.folder / name).write_text(f"<?php\n{content}")
        self.process = subprocess.Popen(
            [str(PHP), "-d", "display_errors=0", "-d", "error_reporting=0",
             "-d", f"session.save_path={self.folder / 'tmp'}", "-S", self.address, "-t", str(WWW)],
            env=os.environ | {"SIMPLESAMLPHP_CONFIG_DIR": str(self.folder)},
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / "log" / "php.log").open("wb"),
        )  # fmt: skip
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            try:
                self.metadata()
            except httpx.TransportError:
                time.sleep(0.1)
            else:
                return
        raise TimeoutError((self.folder / "log" / "php.log").read_text())

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)

    def metadata(self) -> bytes:
        """Its metadata, as it serves it."""
        response = httpx.get(f"{self.base_url}saml2/idp/metadata.php", timeout=20)
        response.raise_for_status()
        return response.content

    def _config(self) -> str:
        return f"""$config = [
  'baseurlpath' => '{self.base_url}', 'certdir' => '{self.folder}/cert/',
  'loggingdir' => '{self.folder}/log/', 'datadir' => '{self.folder}/data/',
  'tempdir' => '{self.folder}/tmp', 'metadatadir' => '{self.folder}/metadata/',
  'attributenamemapdir' => '/etc/simplesamlphp/attributemap/',
  'technicalcontact_name' => 'Test', 'technicalcontact_email' => 'test@example.org',
  'timezone' => 'UTC', 'secretsalt' => '{os.urandom(16).hex()}',
  'auth.adminpassword' => '{os.urandom(16).hex()}', 'admin.checkforupdates' => false,
  'logging.level' => SimpleSAML\\Logger::INFO, 'logging.handler' => 'file',
  'enable.saml20-idp' => true, 'showerrors' => true, 'errorreporting' => false,
  'module.enable' => ['exampleauth' => true, 'core' => true, 'saml' => true],
  'session.cookie.secure' => false, 'session.cookie.samesite' => null,
  'session.phpsession.savepath' => '{self.folder}/tmp', 'store.type' => 'phpsession',
  'metadata.sources' => [['type' => 'flatfile']], 'metadata.sign.enable' => false,
  'language.available' => ['en', 'fr'], 'language.default' => 'en',
];
"""

    def _people(self) -> str:
        def values(attributes: dict[str, list[str]]) -> str:
            pairs = (f"'{n}' => ['{v}']" for n, each in attributes.items() for v in each)
            return f"[{', '.join(pairs)}]"

        people = ", ".join(f"'{n}:secret' => {values(a)}" for n, a in self.people.items())
        return f"""$config = ['admin' => ['core:AdminPassword'],
  'people' => ['exampleauth:UserPass', {people}]];
"""

    def _hosted(self) -> str:
        return f"""$metadata['{self.entity_id}'] = ['host' => '__DEFAULT__',
  'privatekey' => 'server.key', 'certificate' => 'server.crt', 'auth' => 'people',
  'scope' => ['{self.scope}'], 'UIInfo' => ['DisplayName' => ['fr' => '{self.name}']],
  'attributes.NameFormat' => 'urn:oasis:names:tc:SAML:2.0:attrname-format:uri',
  'authproc' => [100 => ['class' => 'core:AttributeMap', 'name2oid']],
  'signature.algorithm' => 'http://www.w3.org/2001/04/xmldsig-more#rsa-sha256',
];
"""

    def _remote(self) -> str:
        redirect = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
        certificates = [self.sp.keys[0].certificate.read_text()]
        keys = ", ".join(
            "['type' => 'X509Certificate', 'signing' => true, 'encryption' => true,"
            f" 'X509Certificate' => '{''.join(text.splitlines()[1:-1])}']"
            for text in certificates
        )
        encryption = "true" if self.encrypt_for else "false"
        return f"""$metadata['{self.sp.entity_id}'] = [
  'AssertionConsumerService' => '{self.sp.acs_url}',
  'SingleLogoutService' => [['Binding' => '{redirect}', 'Location' => '{self.sp.slo_url}']],
  'keys' => [{keys}], 'validate.authnrequest' => true, 'validate.logout' => true,
  'sign.logout' => true, 'assertion.encryption' => {encryption},
  'sharedkey_algorithm' => 'http://www.w3.org/2009/xmlenc11#aes256-gcm',
];
"""
