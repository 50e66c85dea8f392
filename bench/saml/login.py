"""SAML logins over HTTP, redirect to session: our own time alone.

    python bench/saml/login.py

It needs DATABASE_URL of a migrated database of its own, which it empties of sessions, and collected
static files. The web server is uvicorn with one process, as in ``./run``; the identity providers,
one a login so that none has been seen before, are those of the tests. What they do is not counted:
signing, encrypting.
"""

import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier
from urllib.parse import parse_qs, urlsplit

import django
import httpx

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ragapp.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.contrib.sessions.models import Session  # noqa: E402

from accounts.logins.models.login_rules import LoginRule  # noqa: E402
from accounts.models import IdentityProvider  # noqa: E402
from accounts.saml import keys  # noqa: E402
from accounts.saml.messages.redirect_binding import read_redirect  # noqa: E402
from accounts.saml.metadata.feeds import add_single_idp  # noqa: E402
from instances.models import Organisation  # noqa: E402
from people.models import User  # noqa: E402
from tests.accounts.saml.idps import forger  # noqa: E402
from tests.accounts.saml.idps.forger import Answer, Idp, Keys, make_keys  # noqa: E402

ROUNDS = 30
AT_ONCE = 20
START_TIMEOUT_S = 60
# pysaml2 loads in the background from the start of the web server.
WARM_UP_S = 4
SLUG = "bench-saml-login"


class Login:
    """One browser and its identity provider; ``own_ms`` adds up what the site took."""

    def __init__(self, site: str, idp: Idp, provider_id: int, encrypt_for: Keys | None) -> None:
        self.browser = httpx.Client(base_url=site, timeout=60)
        self.idp, self.provider_id, self.encrypt_for = idp, provider_id, encrypt_for
        self.own_ms = 0.0
        self.answer = ""

    def begin(self) -> None:
        """From our redirect to the IdP, and the answer it would give."""
        response = self._timed(
            lambda: self.browser.get(f"/saml/login/{self.provider_id}/?organisation={SLUG}")
        )
        query = urlsplit(response.headers["location"]).query
        assert "SAMLRequest" in parse_qs(query), response.text[:500]
        request_id = read_redirect(query).root.get("ID", "")
        xml = forger.signed_assertion(Answer(self.idp, keys.service_provider(), request_id))
        if self.encrypt_for is not None:
            xml = forger.encrypt(xml, self.encrypt_for)
        self.answer = forger.post(xml)

    def finish(self) -> None:
        """From the answer to the session."""
        posted = self._timed(
            lambda: self.browser.post("/saml/acs/", data={"SAMLResponse": self.answer})
        )
        assert posted.status_code == httpx.codes.FOUND, posted.text[:500]
        ended = self._timed(lambda: self.browser.get(posted.headers["location"]))
        assert settings.SESSION_COOKIE_NAME in self.browser.cookies, ended.text[:2000]

    def _timed(self, send: Callable[[], httpx.Response]) -> httpx.Response:
        started = time.perf_counter()
        response = send()
        self.own_ms += (time.perf_counter() - started) * 1000
        return response


def main() -> None:
    with TemporaryDirectory() as name:
        folder = Path(name)
        port = free_port()
        settings.SITE_URL = f"http://127.0.0.1:{port}"
        settings.SAML_KEYS_DIR = folder / "saml"
        pair = keys.generate("current")
        ours = Keys(pair.key, pair.certificate)
        people = Idp("", (make_keys(folder, "idp"),))
        organisation = Organisation.objects.create(slug=SLUG, name="Bench")
        known = set(User.objects.values_list("pk", flat=True))
        try:
            with serve(port):
                report = measure(settings.SITE_URL, people, organisation, ours)
        finally:
            organisation.delete()
            IdentityProvider.objects.filter(entity_id__contains=".saml-login.bench").delete()
            Session.objects.all().delete()
            User.objects.exclude(pk__in=known).delete()
        print(json.dumps(report))


def measure(site: str, people: Idp, organisation: Organisation, ours: Keys) -> dict[str, float]:
    """Single logins, plain and encrypted in turn, then many at once."""

    def login(encrypted: bool) -> Login:
        entity_id = f"https://{secrets.token_hex(4)}.saml-login.bench/idp"
        idp = Idp(entity_id, people.keys)
        row = add_single_idp(idp.metadata().encode())
        LoginRule.objects.create(organisation=organisation, identity_provider=row)
        return Login(site, idp, row.pk, ours if encrypted else None)

    report: dict[str, float] = {}
    for kind in ("plain", "encrypted"):
        logins = [login(kind == "encrypted") for _ in range(ROUNDS)]
        for each in logins:
            each.begin()
            each.finish()
        report |= figures(kind, logins)
    together = [login(number % 2 == 0) for number in range(AT_ONCE)]
    barrier = Barrier(AT_ONCE)

    def go(each: Login) -> None:
        each.begin()
        # All answers are ready: the site alone works.
        barrier.wait()
        each.finish()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(go, together))
    return report | figures(f"at_once_{AT_ONCE}", together)


def figures(kind: str, logins: list[Login]) -> dict[str, float]:
    times_ms = [each.own_ms for each in logins]
    return {
        f"{kind}_p50_ms": round(statistics.median(times_ms)),
        f"{kind}_p95_ms": round(statistics.quantiles(times_ms, n=20)[-1]),
    }


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@contextmanager
def serve(port: int) -> Iterator[None]:
    """The site on a port, in a process of its own, warmed up."""
    env = {"SITE_URL": settings.SITE_URL, "SAML_KEYS_DIR": str(settings.SAML_KEYS_DIR)}
    command = [sys.executable, "-m", "uvicorn", "ragapp.asgi:application", "--no-access-log"]
    process = subprocess.Popen(
        [*command, "--port", str(port), "--log-level", "warning"], cwd=ROOT, env=os.environ | env
    )
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{settings.SITE_URL}/healthz", timeout=5).raise_for_status()
            except httpx.HTTPError:
                time.sleep(0.1)
            else:
                break
        time.sleep(WARM_UP_S)
        yield
    finally:
        process.terminate()
        process.wait(20)


if __name__ == "__main__":
    main()
