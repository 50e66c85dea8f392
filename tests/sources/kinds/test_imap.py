"""A folder of a real IMAP server: mail that comes and goes, over TLS."""

import imaplib
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bench.stack import free_port
from sources.kinds.imap import reader
from sources.kinds.imap.connection import modified_utf7
from sources.models import Source, SourceRun
from tests.fixtures.waiting import wait_until
from web.outbound import client

pytestmark = pytest.mark.usefixtures("closed_connections")
Run = Callable[[Source], SourceRun]
Contents = Callable[[], dict[str, str]]

USER, PASSWORD = "jane", "s3cret é"


@dataclass
class MailServer:
    """A server with one user."""

    port: int

    def session(self) -> imaplib.IMAP4:
        """A session of the user, as a mail program has it."""
        session = imaplib.IMAP4("127.0.0.1", self.port)
        session.starttls(ssl._create_unverified_context())  # noqa: S323 (of the test)
        session.authenticate("PLAIN", lambda _challenge: f"\0{USER}\0{PASSWORD}".encode())
        return session

    def deliver(self, subject: str, text: str) -> None:
        """Put a message into the inbox."""
        message = f"From: a@example.org\r\nSubject: {subject}\r\n\r\n{text}\r\n".encode()
        with closing_session(self.session()) as session:
            session.append("INBOX", "", imaplib.Time2Internaldate(0), message)

    def clear(self) -> None:
        """Delete all messages."""
        with closing_session(self.session()) as session:
            session.select("INBOX")
            session.store("1:*", "+FLAGS", "\\Deleted")
            session.expunge()


class closing_session:  # noqa: N801 (like contextlib.closing)
    """Log out at the end."""

    def __init__(self, session: imaplib.IMAP4) -> None:
        self.session = session

    def __enter__(self) -> Any:
        return self.session

    def __exit__(self, *_error: object) -> None:
        self.session.logout()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of 127.0.0.1 with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("mail") / "certificate.pem"
    pem = serialization.Encoding.PEM
    pkcs8, no_encryption = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    path.write_bytes(key.private_bytes(pem, pkcs8, no_encryption) + made.public_bytes(pem))
    return path


@pytest.fixture(scope="module")
def server(certificate: Path) -> Iterator[MailServer]:
    """pymap in a process."""
    port = free_port()
    code = "from pymap.main import main; main()"
    arguments = ["--host", "127.0.0.1", "--cert", str(certificate), "--key", str(certificate)]
    backend = ["dict", "--demo-data", "--demo-user", USER, "--demo-password", PASSWORD]
    command = [sys.executable, "-c", code, *arguments, "--port", str(port), *backend]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        try:
            wait_until(lambda: is_open(port), "the mail server")
            yield MailServer(port)
        finally:
            process.kill()


def is_open(port: int) -> bool:
    with suppress(OSError), closing(socket.create_connection(("127.0.0.1", port), 1)):
        return True
    return False


@pytest.fixture
def mail(
    server: MailServer,
    certificate: Path,
    may_reach: Callable[[int], None],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[MailServer]:
    """The server, which may be reached and is trusted; its inbox has two messages."""
    may_reach(server.port)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    client.trusted_certificates.cache_clear()
    server.clear()
    server.deliver("Minutes of =?utf-8?q?d=C3=A9cembre?=", "The minutes.")
    server.deliver("Budget 2026/2027", "The budget.")
    yield server
    client.trusted_certificates.cache_clear()


@pytest.fixture
def make_mailbox(mail: MailServer, make_source: Callable[..., Source]) -> Callable[..., Source]:
    def make(password: str = PASSWORD, **changed: Any) -> Source:
        options = {
            "host": "127.0.0.1",
            "port": mail.port,
            "security": "starttls",
            "username": USER,
            "mailbox": "INBOX",
        }
        return make_source("imap", {"password": password}, **(options | changed))

    return make


def test_messages_become_documents(
    make_mailbox: Callable[..., Source], run_once: Run, contents: Contents
) -> None:
    run = run_once(make_mailbox())
    assert (run.status, run.added, run.failed) == ("done", 2, 0)
    found = contents()
    assert set(found) == {"Minutes of décembre.eml", "Budget 2026 2027.eml"}
    assert "The minutes." in found["Minutes of décembre.eml"]


def test_new_messages_are_added_and_deleted_ones_removed(
    make_mailbox: Callable[..., Source],
    mail: MailServer,
    run_once: Run,
    contents: Contents,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    source = make_mailbox()
    run_once(source)
    monkeypatch.setattr(reader, "_PER_PAGE", 2)
    for number in range(3):
        mail.deliver(f"Note {number}", f"The note {number}.")
    run = run_once(source)
    assert (run.added, run.unchanged, run.removed) == (3, 2, 0)
    mail.clear()
    assert run_once(source).removed == 5
    assert contents() == {}


@pytest.mark.parametrize(
    ("password", "changed", "code"),
    [
        ("wrong", {}, "access_denied"),
        (PASSWORD, {"username": 'jane" "x'}, "access_denied"),
        (PASSWORD, {"mailbox": "No such folder é"}, "gone"),
        (PASSWORD, {"mailbox": 'INBOX"\r\nA1 DELETE "INBOX'}, "gone"),
    ],
    ids=["password", "user", "folder", "commands in the folder"],
)
def test_refusal_fails_the_run(
    make_mailbox: Callable[..., Source],
    run_once: Run,
    password: str,
    changed: dict[str, Any],
    code: str,
) -> None:
    run = run_once(make_mailbox(password, **changed))
    assert (run.status, run.error_code) == ("failed", code)


def test_server_without_a_trusted_certificate_gets_no_password(
    make_mailbox: Callable[..., Source], run_once: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    client.trusted_certificates.cache_clear()
    run = run_once(make_mailbox())
    assert (run.status, run.error_code) == ("failed", "unreachable")


@pytest.mark.parametrize(
    ("greeting", "code"),
    [
        (b"* OK ready\r\n* " + b"x" * 2_000_000, "invalid_answer"),
        (b"* OK ready\r\nnonsense\r\n", "unreachable"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "invalid_answer"),
    ],
    ids=["endless line", "nonsense", "HTTP"],
)
def test_other_servers_over_tls_are_refused(
    certificate: Path,
    mail: MailServer,
    make_source: Callable[..., Source],
    may_reach: Callable[[int], None],
    run_once: Run,
    greeting: bytes,
    code: str,
) -> None:
    """TLS at once: what comes after the handshake is no mail server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        may_reach(port)

        def greet() -> None:
            plain, _address = listener.accept()
            with suppress(OSError), context.wrap_socket(plain, server_side=True) as connection:
                connection.sendall(greeting)
                connection.recv(4096)

        thread = threading.Thread(target=greet)
        thread.start()
        options = {"host": "127.0.0.1", "port": port, "security": "tls", "username": USER}
        source = make_source("imap", {"password": PASSWORD}, **options, mailbox="INBOX")
        run = run_once(source)
        thread.join()
    assert run.status == "failed"
    assert run.error_code in (code, "unreachable", "answer_too_large")


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("INBOX", "INBOX"),
        ("Envoyés", "Envoy&AOk-s"),
        ("~peter/mail/台北/日本語", "~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
        ("Q & A", "Q &- A"),
    ],
)
def test_names_of_folders_are_written_in_modified_utf_7(name: str, written: str) -> None:
    """The third is the example of RFC 3501, 5.1.3."""
    assert modified_utf7(name) == written
